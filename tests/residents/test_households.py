"""Writing households: sealed, audited, in one cell at a time, edits merged field by field."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.core.models import Tombstone
from backend.residents.models import Household, HouseholdTenure, Person
from backend.residents.services import (
    household_close,
    household_create,
    household_move,
    household_reopen,
    household_update,
    households_create,
    person_create,
)
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import HEAD, PHONE, SECOND_CELL, household, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tree")]
Users = Callable[..., User]


def refused(code: ErrorCode, call: Callable[[], Any], field: str | None = None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call()
    assert caught.value.code is code
    if field:
        assert caught.value.field == field
    return caught.value


def made(**changes: Any) -> Household:
    item = household(**changes)
    households_create(items=[item], actor=None)
    return Household.objects.get(pk=item.id)


def test_a_household_is_stored_sealed_masked_and_in_its_cell() -> None:
    row = made()
    assert (row.head_masked, row.phone_last4, row.place, row.version) == ("张*", "5678", "3幢2单元501", 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(h)::text FROM residents_household h WHERE id = %s", [row.pk])
        stored = cursor.fetchone()[0]
    assert HEAD not in stored
    assert PHONE not in stored
    assert HEAD.encode().hex() not in stored
    tenure = HouseholdTenure.objects.get(household=row)
    assert (tenure.region_code, tenure.valid_from, tenure.valid_to) == (CELL, row.created_at, None)


def test_many_households_cost_a_handful_of_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    items = [household(door=str(n)) for n in range(500)]
    with django_assert_max_num_queries(7):
        assert households_create(items=items, actor=None) == {item.id for item in items}
    assert HouseholdTenure.objects.count() == 500
    entry = AuditEntry.objects.get(action="households_create")
    assert (entry.region_code, entry.detail) == (CELL, {"count": 500})


def test_a_known_id_is_left_as_it_is() -> None:
    row = made()
    again = household(id=row.pk, region_code=SECOND_CELL, address="别处")
    other = household()
    assert households_create(items=[again, other], actor=None) == {other.id}
    row.refresh_from_db()
    assert (row.region_code, row.address) == (CELL, "人民路12号")
    assert HouseholdTenure.objects.filter(household=row).count() == 1


@pytest.mark.parametrize("region", ["220521901901999", "220521901901", "22", ""])
def test_only_cells_in_use_take_households(region: str) -> None:
    refused(
        ErrorCode.UNKNOWN_REGION, lambda: households_create(items=[household(region_code=region)], actor=None), "region"
    )
    assert not Household.objects.exists()


def test_one_wrong_item_writes_nothing() -> None:
    items = [household(), household(headcount=99)]
    refused(ErrorCode.BAD_FIELD, lambda: households_create(items=items, actor=None), "headcount")
    assert not Household.objects.exists()


def test_the_office_creates_only_inside_its_scope(user_with: Users) -> None:
    village = user_with(Role.VILLAGE, "220521901901")
    item = household()
    assert household_create(item=item, actor=village).pk == item.id
    refused(ErrorCode.ID_REUSED, lambda: household_create(item=item, actor=village))
    refused(ErrorCode.UNKNOWN_REGION, lambda: household_create(item=household(region_code=OTHER_CELL), actor=village))


def test_two_tenures_at_one_time_are_impossible() -> None:
    row = made()
    start = row.created_at + dt.timedelta(days=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        HouseholdTenure.objects.create(household=row, region_code=SECOND_CELL, valid_from=start)
    HouseholdTenure.objects.filter(household=row).update(valid_to=start)
    HouseholdTenure.objects.create(household=row, region_code=SECOND_CELL, valid_from=start)


def test_a_household_lies_in_a_cell_and_nowhere_else() -> None:
    row = made()
    with pytest.raises(IntegrityError), transaction.atomic():
        Household.objects.filter(pk=row.pk).update(region_code="220521901901")


def test_moving_closes_the_tenure_tells_the_old_cell_and_takes_the_people_along() -> None:
    row = made()
    lodger = person_create(item=person(household_id=row.pk, address=""), actor=None)
    moved = household_move(household_id=row.pk, to_region=SECOND_CELL, actor=None)
    assert (moved.region_code, moved.previous_codes, moved.version) == (SECOND_CELL, [CELL], 2)
    first, second = HouseholdTenure.objects.filter(household=row).order_by("valid_from")
    assert (first.region_code, first.valid_to) == (CELL, second.valid_from)
    assert (second.region_code, second.valid_to) == (SECOND_CELL, None)
    lodger.refresh_from_db()
    assert (lodger.region_code, lodger.previous_codes) == (SECOND_CELL, [CELL])
    told = set(Tombstone.objects.values_list("kind", "object_id", "region_code"))
    assert told == {("household", str(row.pk), CELL), ("person", str(lodger.pk), CELL)}
    entry = AuditEntry.objects.get(action="household_move")
    assert entry.detail == {"from": CELL, "to": SECOND_CELL, "people": 1}


def test_moving_to_where_it_is_changes_nothing() -> None:
    row = made()
    assert household_move(household_id=row.pk, to_region=CELL, actor=None).version == 1
    assert not Tombstone.objects.exists()


def test_moving_there_and_back_keeps_three_tenures() -> None:
    row = made()
    household_move(household_id=row.pk, to_region=SECOND_CELL, actor=None)
    back = household_move(household_id=row.pk, to_region=CELL, actor=None)
    assert back.previous_codes == [CELL, SECOND_CELL]
    assert HouseholdTenure.objects.filter(household=row).count() == 3


def test_a_move_across_a_border_is_made_by_the_office_above(user_with: Users) -> None:
    row = made()
    village, county = user_with(Role.VILLAGE, "220521901901"), user_with(Role.COUNTY, "220521")
    stranger = user_with(Role.VILLAGE, "220521902901")

    def move(actor: User) -> Household:
        return household_move(household_id=row.pk, to_region=OTHER_CELL, actor=actor)

    refused(ErrorCode.UNKNOWN_REGION, lambda: move(village))
    refused(ErrorCode.UNKNOWN_HOUSEHOLD, lambda: move(stranger))
    assert move(county).region_code == OTHER_CELL


def test_time_moved_back_leaves_the_tenures_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    row = made()
    monkeypatch.setattr(clock, "now", lambda: row.created_at - dt.timedelta(days=3))
    household_close(household_id=row.pk, actor=None)
    tenure = HouseholdTenure.objects.get(household=row)
    assert tenure.valid_to == tenure.valid_from


def test_an_edit_changes_what_it_names_and_is_audited_without_values() -> None:
    row = made()
    changed = household_update(
        household_id=row.pk, base_version=1, changes={"head_name": "赵六", "door": "502", "phone": None}, actor=None
    )
    assert (changed.head_masked, changed.place, changed.phone_sealed, changed.phone_index) == (
        "赵*",
        "3幢2单元502",
        None,
        None,
    )
    assert changed.sort_key > row.sort_key
    assert changed.version == 2
    entry = AuditEntry.objects.get(action="household_update")
    assert entry.detail == {"fields": ["door", "head_name", "phone"], "version": 2}


def test_edits_of_different_fields_are_merged() -> None:
    row = made()
    household_update(household_id=row.pk, base_version=1, changes={"headcount": 4}, actor=None)
    merged = household_update(household_id=row.pk, base_version=1, changes={"occupancy": "rented"}, actor=None)
    assert (merged.headcount, merged.occupancy, merged.version) == (4, "rented", 3)


def test_the_same_field_changed_on_both_sides_is_a_conflict() -> None:
    row = made()
    household_update(household_id=row.pk, base_version=1, changes={"headcount": 4}, actor=None)

    def late(**changes: Any) -> Household:
        return household_update(household_id=row.pk, base_version=1, changes=changes, actor=None)

    error = refused(ErrorCode.EDITED_ELSEWHERE, lambda: late(headcount=5, door="9"), "headcount")
    assert error.detail is not None
    [conflict] = error.detail["conflicts"]
    assert error.detail["version"] == 2
    assert {**conflict, "at": None} == {"field": "headcount", "stored": 4, "sent": 5, "by": "系统", "at": None}
    assert dt.datetime.fromisoformat(conflict["at"]).tzinfo is not None
    row.refresh_from_db()
    assert (row.headcount, row.door) == (4, "501")
    assert late(headcount=4).version == 2, "the same value from both sides is no conflict"


def test_an_edit_that_changes_nothing_makes_no_version() -> None:
    row = made(care=("infant", "chronic"))
    same = household_update(
        household_id=row.pk, base_version=1, changes={"door": " 501 ", "care": ["chronic", "infant"]}, actor=None
    )
    assert same.version == 1


def test_what_an_edit_may_not_do() -> None:
    row = made()

    def edit(**changes: Any) -> Household:
        return household_update(household_id=row.pk, base_version=1, changes=changes, actor=None)

    refused(ErrorCode.UNKNOWN_FIELD, lambda: edit(region_code=OTHER_CELL), "region_code")
    refused(ErrorCode.BAD_PHONE, lambda: edit(phone="110"), "phone")
    refused(ErrorCode.MISSING_FIELD, lambda: edit(head_name=None), "head_name")
    refused(ErrorCode.BAD_FIELD, lambda: edit(headcount=99), "headcount")
    refused(
        ErrorCode.BAD_FIELD,
        lambda: household_update(household_id=row.pk, base_version=2, changes={"door": "9"}, actor=None),
        "version",
    )


def test_closing_keeps_the_row_and_ends_the_tenure() -> None:
    row = made()
    closed = household_close(household_id=row.pk, actor=None)
    assert closed.closed_at is not None
    assert HouseholdTenure.objects.get(household=row).valid_to == closed.closed_at
    assert Tombstone.objects.filter(kind="household", object_id=str(row.pk), region_code=CELL).count() == 1
    refused(ErrorCode.UNKNOWN_HOUSEHOLD, lambda: household_close(household_id=row.pk, actor=None))


def test_a_household_with_people_on_record_is_not_closed() -> None:
    row = made()
    person_create(item=person(household_id=row.pk, address=""), actor=None)
    refused(ErrorCode.WRONG_STATE, lambda: household_close(household_id=row.pk, actor=None))
    assert Person.objects.filter(household=row).exists()


def test_an_empty_value_says_nothing_and_null_empties_on_purpose() -> None:
    row = made(care=("infant",))

    def edit(**changes: Any) -> Household:
        return household_update(household_id=row.pk, base_version=1, changes=changes, actor=None)

    untouched = edit(head_name="", address=" ", door="", phone="", care=[])
    assert (untouched.version, untouched.door, untouched.care) == (1, "501", ["infant"])
    emptied = edit(door=None, phone=None, care=None, floor=None, unit=None)
    assert (emptied.place, emptied.phone_last4, emptied.care, emptied.floor) == ("3幢", "", [], None)


def test_a_conflict_shows_names_and_numbers_masked() -> None:
    row = made()
    household_update(household_id=row.pk, base_version=1, changes={"head_name": "赵六", "phone": None}, actor=None)
    changes = {"head_name": "王小五", "phone": "12900005678"}
    error = refused(
        ErrorCode.EDITED_ELSEWHERE,
        lambda: household_update(household_id=row.pk, base_version=1, changes=changes, actor=None),
        "head_name",
    )
    assert error.detail is not None
    shown = [(c["field"], c["stored"], c["sent"]) for c in error.detail["conflicts"]]
    assert shown == [("head_name", "赵*", "王*"), ("phone", None, "129****5678")]


def test_a_closed_household_opens_again_in_its_cell() -> None:
    row = made()
    refused(ErrorCode.WRONG_STATE, lambda: household_reopen(household_id=row.pk, actor=None))
    household_close(household_id=row.pk, actor=None)
    opened = household_reopen(household_id=row.pk, actor=None)
    assert (opened.closed_at, opened.region_code, opened.version) == (None, CELL, 3)
    first, second = HouseholdTenure.objects.filter(household=row).order_by("valid_from")
    assert first.valid_to is not None
    assert first.valid_to <= second.valid_from
    assert second.valid_to is None
    assert AuditEntry.objects.filter(action="household_reopen").count() == 1


def test_an_unknown_household_is_named_so() -> None:
    refused(
        ErrorCode.UNKNOWN_HOUSEHOLD, lambda: household_move(household_id=new_id(), to_region=SECOND_CELL, actor=None)
    )
