"""What happens at the server meanwhile, done through its services by a process with the stack's own settings.

Run as `python -m tests.conformance.deeds`: a line of JSON in, `[deed, {arguments}]`; a line of JSON out, its result.
"""

import datetime as dt
import json
import sys
import uuid
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402  settings first

from backend.accounts.choices import Role  # noqa: E402
from backend.accounts.models import Device, Duty, User  # noqa: E402
from backend.accounts.services.devices import device_revoke  # noqa: E402
from backend.accounts.services.duties import duty_grant, duty_revoke  # noqa: E402
from backend.accounts.services.sessions import sessions_end  # noqa: E402
from backend.accounts.services.users import user_create  # noqa: E402
from backend.core import clock  # noqa: E402
from backend.facts.choices import Verdict  # noqa: E402
from backend.facts.models import SyncItem  # noqa: E402
from backend.regions.choices import Level  # noqa: E402
from backend.regions.models import Region  # noqa: E402
from backend.regions.services.cells import CellInput, cell_create  # noqa: E402
from backend.reports.models import DailyReport  # noqa: E402
from backend.reports.services.closing import day_advance  # noqa: E402
from backend.reports.services.touches import stock_touches_collect  # noqa: E402
from backend.residents.models import Household, Person  # noqa: E402
from backend.residents.rules.inputs import HouseholdInput, PersonInput  # noqa: E402
from backend.residents.selectors import cell_groups  # noqa: E402
from backend.residents.services import cell_split, cells_merge  # noqa: E402
from backend.residents.services.households import (  # noqa: E402
    household_close,
    household_move,
    household_update,
    households_create,
)
from backend.residents.services.people import person_create, person_update  # noqa: E402
from backend.returnees.models import Returnee  # noqa: E402
from backend.sync.conflicts import conflict_choose  # noqa: E402
from backend.sync.models import EditConflict, Referral  # noqa: E402
from backend.sync.taking_in import referral_take_in  # noqa: E402
from backend.visits.models import Visit  # noqa: E402

#: A township of our own in a county where the demo has nobody.
TOWNSHIP, VILLAGE = "220523990", "220523990990"
PASSWORD = "gridkeeper-demo"
#: Who sits in the village above the cells.
OFFICE = "conform-village"
HOUSEHOLDS = (10, 3)


def workers(count: int) -> list[dict[str, Any]]:
    """So many new workers; each has a cell of ten households, and beside it an empty-handed one of three."""
    for code, name, level in ((TOWNSHIP, "试验镇", Level.TOWNSHIP), (VILLAGE, "试验村", Level.VILLAGE)):
        Region.objects.get_or_create(
            code=code,
            defaults={"name": name, "level": level, "parent_code": _above(code), "valid_from": clock.today()},
        )
    if not User.objects.filter(username=OFFICE).exists():
        user_create(
            actor=None, username=OFFICE, display_name="试村长", role=Role.VILLAGE, region=VILLAGE, password=PASSWORD,
            must_change_password=False, valid_from=clock.today() - dt.timedelta(days=40),
        )  # fmt: skip
    used = Region.objects.filter(parent_code=VILLAGE).count()
    return [_worker(used + 2 * each + 1) for each in range(count)]


def _above(code: str) -> str:
    return TOWNSHIP if code == VILLAGE else TOWNSHIP[:6]


def _worker(number: int) -> dict[str, Any]:
    cells, households = [], []
    for offset, size in enumerate(HOUSEHOLDS):
        cell = cell_create(actor=None, item=CellInput(VILLAGE, number + offset, f"第{number + offset}网格"))
        rows = [
            HouseholdInput(
                id=uuid.uuid4(), region_code=cell.code, address=f"试验路{door}号", head_name="试户主", headcount=2
            )
            for door in range(1, size + 1)
        ]
        households_create(items=rows, actor=None)
        cells.append(cell.code)
        households.append([str(row.id) for row in rows])
    username = f"conform{number}"
    user_create(
        actor=None, username=username, display_name="试网格员", role=Role.GRID_WORKER, region=cells[0],
        password=PASSWORD, must_change_password=False, valid_from=clock.today() - dt.timedelta(days=40),
    )  # fmt: skip
    return {
        "username": username, "office": OFFICE, "cell": cells[0], "other_cell": cells[1],
        "households": households[0], "other_households": households[1],
    }  # fmt: skip


def grant(username: str, region: str) -> None:
    duty_grant(actor=None, user=User.objects.get(username=username), role=Role.GRID_WORKER, region=region)


def revoke(username: str, region: str) -> None:
    duty_revoke(actor=None, duty=Duty.objects.get(user__username=username, region_code=region))


def move(household: str, region: str) -> None:
    household_move(household_id=uuid.UUID(household), to_region=region, actor=None)


def close(household: str) -> None:
    household_close(household_id=uuid.UUID(household), actor=None)


def edit(household: str, **changes: str) -> None:
    """Somebody in the office changes a household on its version of now."""
    version = Household.objects.values_list("version", flat=True).get(pk=household)
    household_update(household_id=uuid.UUID(household), base_version=version, changes=changes, actor=None)


def person(region: str) -> str:
    """Somebody of a cell whose name the office has mended since: his version is 2."""
    item = PersonInput(id=uuid.uuid4(), region_code=region, name="王四", purpose="family", address="试验路1号")
    made = person_create(item=item, actor=None)
    person_update(person_id=made.pk, base_version=1, changes={"name": "王五"}, actor=None)
    return str(made.pk)


def erase(person: str) -> None:
    Person.objects.filter(pk=person).delete()


def choose(conflict: str, side: str) -> None:
    """Somebody in the village settles a conflict."""
    kept = EditConflict.objects.get(pk=conflict)
    choices = {entry["field"]: side for entry in kept.fields}
    conflict_choose(conflict_id=kept.pk, seen=kept.version, choices=choices, actor=User.objects.get(username=OFFICE))


def correct_document(returnee: str, document: str) -> None:
    """The office corrects the number under which somebody was registered."""
    row = Returnee.objects.select_related("person").get(pk=returnee).person
    changes = {"document_type": "id_card", "document_number": document}
    person_update(person_id=row.pk, base_version=row.version, changes=changes, actor=None)


def take_in(referral: str) -> str:
    """Somebody in the village has a record judged anew that was handed up; the verdict."""
    row = Referral.objects.select_related("author").get(pk=referral)
    return str(referral_take_in(referral=row, actor=User.objects.get(username=OFFICE)).verdict)


def take_out_of_use(device: str) -> None:
    """A phone is put out of use by who has it."""
    row = Device.objects.select_related("user").get(pk=device)
    device_revoke(actor=row.user, device_id=row.pk)


def split(region: str, building: str = "", origin: str = "") -> str:
    """Part of a cell becomes a new one: a building, or what came out of cell `origin`; the new cell's code."""
    groups = [g for g in cell_groups(region) if g.key == origin or (building and g.key.endswith(f"|{building}"))]
    number = free_number()
    made = cell_split(
        code=region, item=CellInput(VILLAGE, number, f"第{number}网格"), groups=[g.key for g in groups],
        expected=sum(g.households for g in groups), actor=None,
    )  # fmt: skip
    return str(made.cell.code)


def free_number() -> int:
    """The number of a cell that may be made."""
    codes = Region.objects.filter(parent_code=VILLAGE).values_list("code", flat=True)
    return max(int(code[-3:]) for code in codes) + 1


def merge(region: str, into: str) -> None:
    count = Household.objects.open().filter(region_code=region).count()
    cells_merge(code=region, into=into, expected=count, keep_duties=True, actor=None)


def forget(records: list[str]) -> None:
    """As a server restored from a backup that was older than these visits and referrals."""
    Visit.objects.filter(pk__in=records).delete()
    Referral.objects.filter(pk__in=records).delete()
    SyncItem.objects.filter(pk__in=records).delete()


def recall_refused(records: list[str]) -> None:
    """As a server restored from a backup that was made before these visits were mended: it knows them as sent back."""
    Visit.objects.filter(pk__in=records).delete()
    SyncItem.objects.filter(pk__in=records).update(verdict=Verdict.REJECTED, code="bad_field")


def end_sessions(username: str) -> None:
    sessions_end(user=User.objects.get(username=username), actor=None)


def stored(records: list[str]) -> list[dict[str, Any]]:
    """Every row of these visits, in the order of their phones: twice where one is there twice."""
    seqs = dict(SyncItem.objects.filter(pk__in=records, verdict=Verdict.CREATED).values_list("pk", "seq"))
    rows = Visit.objects.filter(pk__in=records)
    return [
        {"id": str(row.pk), "seq": seqs[row.pk], "region": row.region_code, "day": str(row.business_day),
         "doubtful": row.doubtful}
        for row in sorted(rows, key=lambda row: seqs[row.pk])
    ]  # fmt: skip


def figures(region: str) -> dict[str, Any]:
    """Today's figures of a cell, everything counted that has arrived; households that moved, as the next tick would."""
    stock_touches_collect()
    day_advance(province=region[:2], day=clock.today(), wait=True)
    row = DailyReport.objects.filter(region_code=region, business_day=clock.today()).first()
    return row.figures if row else {}


_DEEDS = (
    workers, grant, revoke, move, close, edit, split, free_number, merge, person, erase, choose, correct_document,
    take_in, take_out_of_use,
    forget, recall_refused, end_sessions, stored, figures,
)  # fmt: skip
DEEDS: dict[str, Callable[..., Any]] = {each.__name__: each for each in _DEEDS}

if __name__ == "__main__":
    for line in sys.stdin:
        name, arguments = json.loads(line)
        sys.stdout.write(json.dumps(DEEDS[name](**arguments)) + "\n")
        sys.stdout.flush()
        # The next deed may come after the database was killed.
        connection.close()
