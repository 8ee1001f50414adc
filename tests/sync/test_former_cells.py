"""Records of a worker who moved on: they count by the cells that were his on the day he made them."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock
from backend.regions.models import Region
from backend.residents.models import Household
from backend.residents.services import cells_merge
from backend.returnees.models import Returnee
from backend.visits.models import Visit
from tests.conftest import CELL
from tests.health.conftest import returnee_fields
from tests.sync.conftest import item

pytestmark = pytest.mark.django_db
NEXT_CELL, THIRD_CELL = "220521901901902", "220521901901903"


def visit(household: uuid.UUID, *, days_ago: int = 0) -> dict[str, Any]:
    made = clock.now() - dt.timedelta(days=days_ago)
    return item("visit", {"household": str(household), "outcome": "seen_well"}, observed_at=made.isoformat())


def move_on(worker: User, **ended: Any) -> None:
    """The worker's duty ended; he serves in the next cell from today."""
    Duty.objects.filter(user=worker).update(**ended)
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=NEXT_CELL, valid_from=clock.today())


def test_a_record_made_before_the_move_is_stored_where_it_belongs(
    push: Callable[..., Any], worker: User, household: uuid.UUID
) -> None:
    move_on(worker, valid_to=clock.today() - dt.timedelta(days=1))
    answer = push(visit(household, days_ago=2), visit(household))
    assert [each["verdict"] for each in answer["results"]] == ["created", "rejected"]
    assert answer["results"][1]["code"] == "unknown_household"
    assert Visit.objects.get().region_code == CELL


def test_a_duty_revoked_today_still_covers_today(push: Callable[..., Any], worker: User, household: uuid.UUID) -> None:
    move_on(worker, revoked_at=timezone.now())
    assert push(visit(household))["results"][0]["verdict"] == "created"


def test_a_duty_long_over_lets_nothing_in(push: Callable[..., Any], worker: User, household: uuid.UUID) -> None:
    move_on(worker, valid_from=clock.today() - dt.timedelta(days=90), valid_to=clock.today() - dt.timedelta(days=40))
    assert push(visit(household, days_ago=20))["results"][0]["code"] == "unknown_household"


def registration(cell: str) -> dict[str, Any]:
    body = {"household": str(uuid.uuid4()), "region": cell, "address": "新楼1号", "head_name": "新户主", "headcount": 2}
    return item("household", body)


@pytest.mark.parametrize("keep_duties", [True, False])
def test_registrations_for_a_merged_cell_go_to_what_took_it_over(
    push: Callable[..., Any], worker: User, household: uuid.UUID, keep_duties: bool
) -> None:
    cells_merge(code=CELL, into=NEXT_CELL, expected=1, keep_duties=keep_duties, actor=None)
    if not keep_duties:
        Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=THIRD_CELL, valid_from=clock.today())
    returnee = returnee_fields(household_id=None, region_code=CELL)
    body = {
        "person": str(returnee["person_id"]), "name": returnee["name"], "phone": "13800138000",
        "document_type": "id_card", "document_number": "11010519491231002X", "origin": "2201",
        "arrived_on": clock.today().isoformat(), "region": CELL, "address": returnee["address"],
    }  # fmt: skip
    answer = push(registration(CELL), item("returnee", body), visit(household))
    assert [each["verdict"] for each in answer["results"]] == ["created"] * 3, answer
    assert set(Household.objects.values_list("region_code", flat=True)) == {NEXT_CELL}
    assert Returnee.objects.get().region_code == NEXT_CELL
    assert Visit.objects.get().region_code == NEXT_CELL


def test_a_cell_closed_without_a_successor_takes_nothing_in(push: Callable[..., Any], worker: User) -> None:
    Region.objects.filter(code=CELL).update(valid_to=clock.today())
    assert push(registration(CELL))["results"][0]["code"] == "unknown_region"
