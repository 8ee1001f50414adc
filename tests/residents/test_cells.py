"""Cells are split and merged: whole sets of households change hands with all that is theirs, and back again."""

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.alerts.models import Alert
from backend.alerts.rules import Finding
from backend.alerts.services import alerts_evaluate
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.core.models import Tombstone
from backend.regions.models import Region
from backend.regions.selectors import cells_in_use
from backend.regions.services import CellInput
from backend.reports.sources import SOURCES
from backend.residents.choices import HandOverReason, HandOverState
from backend.residents.models import HandOver, Household, HouseholdTenure, Person
from backend.residents.selectors import cell_groups
from backend.residents.services import (
    cell_split,
    cells_merge,
    handover_answer,
    handover_offer,
    household_close,
    households_create,
    person_create,
)
from backend.returnees.models import Returnee
from backend.returnees.services import returnee_register, returnees_follow
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import returnee_fields
from tests.residents import factories
from tests.residents.factories import SECOND_CELL

pytestmark = pytest.mark.usefixtures("policies", "tree")
VILLAGE = CELL[:12]
NEW = f"{VILLAGE}007"


@pytest.fixture
def clerk(user_with: Callable[..., User]) -> User:
    return user_with(Role.TOWNSHIP, CELL[:9], "clerk")


def doors(count: int, *, building: str = "", region: str = CELL, address: str = "幸福小区") -> list[uuid.UUID]:
    rows = [
        factories.household(region_code=region, address=address, building=building, unit="", door=str(n + 1), phone="")
        for n in range(count)
    ]
    households_create(items=rows, actor=None)
    return [row.id for row in rows]


def fever_at(home: uuid.UUID, region: str = CELL) -> uuid.UUID:
    finding = Finding(
        kind="visit", region_code=region, place="3幢101", business_day=clock.today(),
        observed_at=clock.now(), source_id=new_id(), household_id=home, temperature=Decimal("38.2"),
    )  # fmt: skip
    (alert,) = alerts_evaluate(findings=[finding])
    return alert.pk


def split(clerk: User | None, groups: list[str], expected: int | None, number: int = 7) -> Any:
    item = CellInput(VILLAGE, number, "第七网格")
    return cell_split(code=CELL, item=item, groups=groups, expected=expected, actor=clerk)


def merge(
    clerk: User | None, expected: int | None, code: str = CELL, into: str = SECOND_CELL, keep: bool = True
) -> Any:
    return cells_merge(code=code, into=into, expected=expected, keep_duties=keep, actor=clerk)


def homes_in(region: str) -> set[uuid.UUID]:
    return set(Household.objects.open().filter(region_code=region).values_list("pk", flat=True))


def test_a_cell_is_split_along_buildings_and_streets(clerk: User) -> None:
    first, second = doors(3, building="1"), doors(2, building="2")
    hamlet = doors(1, address="东沟屯12号") + doors(1, address="东沟屯15号")
    groups = {each.label: each for each in cell_groups(CELL)}
    assert {label: each.households for label, each in groups.items()} == {
        "幸福小区 1幢": 3, "幸福小区 2幢": 2, "东沟屯": 2,
    }  # fmt: skip
    made = split(clerk, [groups["幸福小区 2幢"].key, groups["东沟屯"].key], 4)
    assert (made.cell.code, made.households) == (NEW, 4)
    assert homes_in(CELL) == set(first)
    assert homes_in(NEW) == {*second, *hamlet}
    moved = Household.objects.get(pk=second[0])
    assert (moved.previous_codes, moved.version) == ([CELL], 2)
    gone = Tombstone.objects.filter(kind="household", region_code=CELL)
    assert set(gone.values_list("object_id", flat=True)) == {str(each) for each in (*second, *hamlet)}
    entry = AuditEntry.objects.get(action="cell_split")
    assert (entry.actor_id, entry.detail) == (clerk.pk, {"from": CELL, "to": NEW, "count": 4, "people": 0})


def test_people_returnees_and_alerts_go_along(clerk: User) -> None:
    (stays,) = doors(1, building="1")
    (goes,) = doors(1, building="2")
    there = returnee_register(**returnee_fields(household_id=goes))
    here = person_create(item=factories.person(household_id=stays, address=""), actor=None)
    alert, other = fever_at(goes), fever_at(stays)
    split(clerk, ["幸福小区|2"], 1)
    returnees_follow()
    assert Person.objects.get(pk=there.person_id).region_code == NEW
    assert Person.objects.get(pk=here.pk).region_code == CELL
    assert Returnee.objects.get(state="present").region_code == NEW
    assert Alert.objects.get(pk=alert).region_code == NEW
    assert Alert.objects.get(pk=other).region_code == CELL


def test_who_does_it_is_told_what_goes_along_and_must_say_how_much(clerk: User) -> None:
    (home, _) = doors(2, building="2")
    returnee_register(**returnee_fields(household_id=home))
    fever_at(home)
    for expected in (None, 1, 3):
        with pytest.raises(ApiError, match="wrong_state expected") as refusal:
            split(clerk, ["幸福小区|2"], expected)
    assert refusal.value.message == (
        "将转出 2 户住户、1 名登记人员、1 条未结预警、1 名返乡人员。核对无误后，请在这里填写户数 2，再提交一次。"
    )
    assert not Region.objects.filter(code=NEW).exists()
    with pytest.raises(ApiError, match="missing_field groups"):
        split(clerk, ["别处|9"], 0)


def test_two_cells_become_one_and_the_empty_one_is_closed(clerk: User, user_with: Callable[..., User]) -> None:
    worker, other = user_with(Role.GRID_WORKER, CELL, "here"), user_with(Role.GRID_WORKER, SECOND_CELL, "there")
    homes, theirs = doors(3, building="1"), doors(1, building="9", region=SECOND_CELL)
    alone = person_create(item=factories.person(), actor=None)
    torn_down = doors(1, building="1")[0]
    household_close(household_id=torn_down, actor=None)
    made = merge(clerk, 3)
    assert (made.households, made.people) == (3, 1)
    assert homes_in(SECOND_CELL) == {*homes, *theirs}
    assert Person.objects.get(pk=alone.pk).region_code == SECOND_CELL
    assert Household.objects.get(pk=torn_down).region_code == SECOND_CELL
    closed = Region.objects.get(code=CELL)
    assert (closed.valid_to, closed.successor_code) == (clock.today(), SECOND_CELL)
    for user in (worker, other):
        duty = Duty.objects.in_force().get(user=user)
        assert (duty.region_code, duty.predecessor_codes) == (SECOND_CELL, [CELL])
    assert cells_in_use([CELL, SECOND_CELL, "220521901901999"]) == {CELL: SECOND_CELL, SECOND_CELL: SECOND_CELL}


def test_what_is_offered_out_of_a_merged_cell_is_void_and_what_is_offered_to_it_follows(clerk: User) -> None:
    third = f"{VILLAGE}903"
    (goes,), (stays,), (theirs,) = doors(1), doors(1, region=third), doors(1, region=SECOND_CELL)

    def offer(home: uuid.UUID, to: str) -> uuid.UUID:
        reason = HandOverReason.values[0]
        return handover_offer(
            id=new_id(), household_id=home, to_region=to, reason=HandOverReason(reason), actor=clerk
        ).pk  # fmt: skip

    out, into, across = offer(goes, third), offer(stays, CELL), offer(theirs, CELL)
    merge(clerk, 1)
    found = {row.pk: (row.state, row.to_region) for row in HandOver.objects.all()}
    assert found == {out: ("void", third), into: ("offered", SECOND_CELL), across: ("void", CELL)}


def test_who_offers_to_a_merged_cell_or_accepts_for_it_means_its_successor(clerk: User) -> None:
    third = f"{VILLAGE}903"
    at_cell, at_village, theirs = (doors(1, region=region)[0] for region in (third, third, SECOND_CELL))
    merge(clerk, 0)

    def offer(home: uuid.UUID, to: str) -> HandOver:
        return handover_offer(
            id=new_id(), household_id=home, to_region=to, reason=HandOverReason.WRONG_CELL, actor=clerk
        )  # fmt: skip

    def accept(offered: HandOver, region: str = "") -> str:
        return handover_answer(
            handover_id=offered.pk, answer=HandOverState.ACCEPTED, region=region, actor=clerk
        ).cell  # fmt: skip

    named = offer(at_cell, CELL)
    assert named.to_region == SECOND_CELL
    assert accept(named) == SECOND_CELL
    asked = offer(at_village, VILLAGE)
    # The same answer, said again in the old name and in the new one, is no other answer.
    assert [accept(asked, region) for region in (CELL, CELL, SECOND_CELL)] == [SECOND_CELL] * 3
    assert set(Household.objects.filter(pk__in=(at_cell, at_village)).values_list("region_code", flat=True)) == {
        SECOND_CELL
    }
    with pytest.raises(ApiError) as refused:
        offer(theirs, CELL)
    assert refused.value.code is ErrorCode.SAME_REGION


def test_duties_may_end_with_the_cell(clerk: User, user_with: Callable[..., User]) -> None:
    worker = user_with(Role.GRID_WORKER, CELL, "here")
    merge(clerk, 0, keep=False)
    assert not Duty.objects.in_force().filter(user=worker).exists()


def test_a_merger_is_undone_by_a_split_and_a_split_by_a_merger(clerk: User) -> None:
    homes, theirs = doors(3, building="1"), doors(2, building="1", region=SECOND_CELL)
    merge(clerk, 3)
    groups = cell_groups(SECOND_CELL)
    assert [(each.label, each.households) for each in groups] == [("原属 第一网格 的住户", 3), ("幸福小区 1幢", 5)]
    item = CellInput(VILLAGE, 7, "第一网格")
    cell_split(code=SECOND_CELL, item=item, groups=[groups[0].key], expected=3, actor=clerk)
    assert (homes_in(NEW), homes_in(SECOND_CELL)) == (set(homes), set(theirs))
    merge(clerk, 3, code=NEW)
    assert homes_in(SECOND_CELL) == {*homes, *theirs}
    # Two cells later the number on an old form still finds its way.
    assert cells_in_use([NEW]) == {NEW: SECOND_CELL}


def test_figures_of_the_days_before_stay_where_they_were(clerk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    doors(2, building="1")
    before = clock.now()
    monkeypatch.setattr(clock, "now", lambda: before + dt.timedelta(hours=1))
    merge(clerk, 2)

    def counted(hours: float) -> list[str]:
        moment = before + dt.timedelta(hours=hours)
        sql = SOURCES["tenures"].sql("{column} >= '22'")
        with connection.cursor() as cursor:
            cursor.execute(sql, {"day": clock.business_day(before), "as_of": moment, "stock_at": moment})
            return [row[-1] for row in cursor.fetchall()]

    assert counted(0.5) == [CELL, CELL]
    assert counted(2) == [SECOND_CELL, SECOND_CELL]
    assert HouseholdTenure.objects.count() == 4


def test_queries_do_not_grow_with_the_households() -> None:
    def queries(count: int, building: str, number: int) -> tuple[int, int]:
        homes = doors(count, building=building)
        for home in homes:
            person = factories.person(household_id=home, address="", document_type="", document_number="")
            person_create(item=person, actor=None)
            fever_at(home)
        with CaptureQueriesContext(connection) as splitting:
            split(None, [f"幸福小区|{building}"], count, number=number)
        with CaptureQueriesContext(connection) as merging:
            merge(None, count, code=f"{VILLAGE}{number:03}", into=CELL)
        return len(splitting), len(merging)

    queries(1, "1", 11)
    assert queries(1, "2", 12) == queries(12, "3", 13)


def test_only_who_serves_both_sides_and_only_between_cells_in_use(clerk: User, user_with: Callable[..., User]) -> None:
    doors(1, building="1")
    village = user_with(Role.VILLAGE, VILLAGE, "village")
    with pytest.raises(ApiError, match="not_found"):
        merge(village, 1)
    with pytest.raises(ApiError, match="not_found"):
        merge(clerk, 1, into=OTHER_CELL)
    with pytest.raises(ApiError, match="bad_field region"):
        merge(clerk, 1, into=CELL)
    keeper = user_with(Role.SYSTEM_ADMIN, CELL[:6], "keeper")
    with pytest.raises(ApiError, match="unknown_region region"):
        merge(keeper, 1)
    merge(clerk, 1)
    for refused in (lambda: merge(clerk, 0), lambda: split(clerk, ["幸福小区|1"], 0)):
        with pytest.raises(ApiError, match="wrong_state"):
            refused()
