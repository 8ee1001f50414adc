"""Registering, leaving, correcting and handing over a return, through the services."""

import datetime as dt
import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from backend.accounts.choices import Role
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.facts.models import TouchedCell
from backend.health.choices import MonitoringState
from backend.health.models import CodeStatus, Monitoring
from backend.residents.models import Person
from backend.residents.rules import HouseholdInput
from backend.residents.services import household_move, households_create, person_move
from backend.returnees.choices import ReturneeState
from backend.returnees.models import Returnee
from backend.returnees.services import (
    returnee_correct_arrival,
    returnee_leave,
    returnee_register,
    returnee_return,
    returnee_update,
    returnees_follow,
    returnees_forget_travel,
)
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import document, returnee_fields

SECOND_CELL = "220521901901902"


def refused(**changes) -> ApiError:
    with pytest.raises(ApiError) as caught:
        returnee_register(**returnee_fields(**changes))
    return caught.value


@pytest.fixture
def clerk(user_with):
    return user_with(Role.TOWNSHIP, "220521901")


def test_one_registration_makes_person_return_term_and_code(returnee) -> None:
    arrived = clock.today() - dt.timedelta(days=2)
    registered = returnee(arrived_on=arrived)
    person = Person.objects.get()
    assert (registered.person, registered.state, registered.registered_day) == (person, "present", clock.today())
    assert (person.name_masked, person.phone_last4, person.purposes) == ("李*", "1234", ["returnee"])
    term = Monitoring.objects.get()
    assert (term.from_day, term.to_day) == (arrived, arrived + dt.timedelta(days=13))
    assert (term.first_day, term.last_day, term.state) == (term.from_day, term.to_day, MonitoringState.ACTIVE)
    assert term.rule_version
    assert CodeStatus.objects.get().person == person
    assert TouchedCell.objects.filter(business_day=clock.today(), region_code=CELL).exists()
    entry = AuditEntry.objects.get(action="returnee_register")
    assert (entry.target_id, entry.region_code) == (str(registered.pk), CELL)
    assert "李" not in str(entry.detail)


def test_the_term_is_that_of_the_rule_in_force_on_the_day_of_arrival(returnee) -> None:
    national = returnee(region_code=CELL, arrived_on=dt.date(2021, 1, 21))
    jilin = returnee(region_code=CELL, arrived_on=dt.date(2021, 1, 24), address="后街")
    versions = {m.source_id: m.rule_version for m in Monitoring.objects.all()}
    assert versions[national.pk].startswith("national")
    assert versions[jilin.pk].startswith("jilin")
    assert set(Monitoring.objects.values_list("state", flat=True)) == {MonitoringState.ENDED}


def test_a_long_past_arrival_is_kept_and_flagged_and_asks_for_no_checks(returnee) -> None:
    recent, old = returnee(arrived_on=clock.today() - dt.timedelta(days=31)), returnee(arrived_on=dt.date(1998, 5, 1))
    assert (recent.arrival_doubtful, old.arrival_doubtful) == (False, True)
    assert not Monitoring.objects.filter(person=old.person).exists()
    assert CodeStatus.objects.get(person=old.person).rule_key == "nothing_known"
    assert CodeStatus.objects.get(person=recent.person).rule_key == "monitoring_done"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"arrived_on": "tomorrow"}, ErrorCode.ARRIVAL_IN_FUTURE, "arrived_on"),
        ({"document_number": "990101199001011237"}, ErrorCode.BAD_DOCUMENT, "document_number"),
        ({"document_number": " "}, ErrorCode.MISSING_FIELD, "document_number"),
        ({"document_type": "licence"}, ErrorCode.BAD_FIELD, "document_type"),
        ({"phone": "12345"}, ErrorCode.BAD_PHONE, "phone"),
        ({"phone": ""}, ErrorCode.MISSING_FIELD, "phone"),
        ({"name": "  "}, ErrorCode.MISSING_FIELD, "name"),
        ({"origin_code": "", "origin_text": " "}, ErrorCode.MISSING_FIELD, "origin"),
        ({"origin_code": "220521901"}, ErrorCode.BAD_REGION_CODE, "origin"),
        ({"address": ""}, ErrorCode.MISSING_FIELD, "address"),
        ({"region_code": "220521901901"}, ErrorCode.UNKNOWN_REGION, "region"),
        ({"region_code": "220521901901999"}, ErrorCode.UNKNOWN_REGION, "region"),
        ({"household_id": new_id()}, ErrorCode.UNKNOWN_HOUSEHOLD, "household"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing_behind(tree, policies, changes, code, field) -> None:
    if changes.get("arrived_on") == "tomorrow":
        changes = {"arrived_on": clock.today() + dt.timedelta(days=1)}
    error = refused(**changes)
    assert (error.code, error.field) == (code, field)
    assert not Person.objects.exists()
    assert not Returnee.objects.exists()


@pytest.mark.parametrize(("days", "kept"), [(-30, True), (-400, False), (3, False)])
def test_an_implausible_phone_time_gives_way_to_the_servers(returnee, days, kept) -> None:
    told = clock.now() + dt.timedelta(days=days)
    registered = returnee(registered_at=told, received_at=clock.now())
    assert (registered.registered_at == told) is kept
    assert (registered.registered_day == clock.business_day(told)) is kept


def test_the_same_document_is_registered_once(returnee) -> None:
    number = document()
    first = returnee(document_number=number)
    error = refused(document_number=number, region_code=OTHER_CELL, address="西街", phone="12900005678")
    assert (error.code, error.field) == (ErrorCode.ALREADY_REGISTERED, "document_number")
    person = Person.objects.get()
    assert (person.region_code, person.phone_last4) == (CELL, "1234")
    assert Returnee.objects.get() == first


def test_who_left_and_comes_again_is_the_same_person_with_a_new_term(returnee, clerk) -> None:
    number = document()
    first = returnee(document_number=number, arrived_on=clock.today() - dt.timedelta(days=5))
    returnee_leave(returnee_id=first.pk, left_on=clock.today() - dt.timedelta(days=1), actor=clerk)
    second = returnee(document_number=number, region_code=OTHER_CELL, address="西街")
    assert second.person_id == first.person_id
    assert Person.objects.get().region_code == OTHER_CELL
    assert CodeStatus.objects.get().region_code == OTHER_CELL
    assert list(Monitoring.objects.order_by("from_day").values_list("state", "region_code")) == [
        ("left", CELL), ("active", OTHER_CELL),
    ]  # fmt: skip


def test_a_household_decides_the_cell(returnee) -> None:
    household = HouseholdInput(id=new_id(), region_code=SECOND_CELL, address="前进路", door="5", head_name="王小明")
    households_create(items=[household], actor=None)
    registered = returnee(household_id=household.id, address="")
    assert registered.region_code == SECOND_CELL
    assert registered.person.place == "前进路5号"


def test_the_same_id_again_is_refused(returnee) -> None:
    first = returnee()
    assert refused(id=first.pk).code is ErrorCode.ID_REUSED


def test_leaving_ends_the_term_and_says_so_in_the_code(returnee, clerk) -> None:
    registered = returnee(arrived_on=clock.today() - dt.timedelta(days=3))
    TouchedCell.objects.all().delete()
    left = returnee_leave(returnee_id=registered.pk, left_on=clock.today() - dt.timedelta(days=1), actor=clerk)
    assert (left.state, left.left_received_at is not None) == (ReturneeState.LEFT, True)
    term = Monitoring.objects.get()
    assert (term.state, term.last_day) == (MonitoringState.LEFT, left.left_on)
    assert CodeStatus.objects.get().rule_key == "left_early"
    days = set(TouchedCell.objects.values_list("business_day", flat=True))
    assert days == {clock.today(), clock.today() - dt.timedelta(days=1)}
    with pytest.raises(ApiError) as caught:
        returnee_leave(returnee_id=registered.pk, left_on=clock.today(), actor=clerk)
    assert caught.value.code is ErrorCode.WRONG_STATE


def test_leaving_after_the_term_is_an_ordinary_end(returnee, clerk) -> None:
    registered = returnee(arrived_on=clock.today() - dt.timedelta(days=13))
    returnee_leave(returnee_id=registered.pk, left_on=clock.today(), actor=clerk)
    assert Monitoring.objects.get().state == MonitoringState.ENDED


@pytest.mark.parametrize(("days", "code"), [(-4, ErrorCode.LEFT_BEFORE_ARRIVAL), (1, ErrorCode.LEAVING_IN_FUTURE)])
def test_nobody_leaves_before_arriving_or_tomorrow(returnee, clerk, days, code) -> None:
    registered = returnee(arrived_on=clock.today() - dt.timedelta(days=3))
    with pytest.raises(ApiError) as caught:
        returnee_leave(returnee_id=registered.pk, left_on=clock.today() + dt.timedelta(days=days), actor=clerk)
    assert (caught.value.code, caught.value.field) == (code, "left_on")


def test_a_corrected_arrival_moves_the_term(returnee, clerk) -> None:
    registered = returnee(arrived_on=clock.today())
    earlier = clock.today() - dt.timedelta(days=6)
    returnee_correct_arrival(returnee_id=registered.pk, arrived_on=earlier, actor=clerk)
    withdrawn, right = Monitoring.objects.order_by("registered_at")
    registered.refresh_from_db()
    assert (registered.monitor_from, registered.monitor_to) == (right.from_day, right.to_day)
    assert (withdrawn.state, withdrawn.ended_at is not None) == (MonitoringState.CANCELLED, True)
    assert (right.from_day, right.to_day, right.state) == (earlier, earlier + dt.timedelta(days=13), "active")
    assert f"{earlier.month}月{earlier.day}日" in CodeStatus.objects.get().reason
    returnee_correct_arrival(returnee_id=registered.pk, arrived_on=earlier, actor=clerk)
    assert Monitoring.objects.count() == 2
    with pytest.raises(ApiError) as caught:
        returnee_correct_arrival(
            returnee_id=registered.pk, arrived_on=clock.today() + dt.timedelta(days=1), actor=clerk
        )  # fmt: skip
    assert caught.value.code is ErrorCode.ARRIVAL_AFTER_REGISTRATION


def test_another_townships_clerk_finds_nobody(returnee, user_with) -> None:
    registered = returnee()
    stranger = user_with(Role.TOWNSHIP, "220521902")
    for act in (
        lambda: returnee_leave(returnee_id=registered.pk, left_on=clock.today(), actor=stranger),
        lambda: returnee_correct_arrival(returnee_id=registered.pk, arrived_on=clock.today(), actor=stranger),
    ):
        with pytest.raises(ApiError) as caught:
            act()
        assert caught.value.code is ErrorCode.NOT_FOUND


def test_a_return_goes_with_its_household_and_is_no_new_return(returnee, clerk) -> None:
    household = HouseholdInput(id=new_id(), region_code=CELL, address="前进路", door="5", head_name="王小明")
    households_create(items=[household], actor=None)
    first = returnee(household_id=household.id, arrived_on=clock.today() - dt.timedelta(days=2))
    household_move(household_id=household.id, to_region=SECOND_CELL, actor=None)
    assert returnees_follow() == 1
    first.refresh_from_db()
    assert (first.state, first.region_code) == (ReturneeState.MOVED, CELL)
    present = Returnee.objects.get(state=ReturneeState.PRESENT)
    assert (present.region_code, present.continues_id, present.arrived_on) == (SECOND_CELL, first.pk, first.arrived_on)
    person_move(person_id=first.person_id, to_region=CELL, actor=None, address="前进路9号")
    assert returnees_follow() == 1
    last = Returnee.objects.get(state=ReturneeState.PRESENT)
    returnee_leave(returnee_id=last.pk, left_on=clock.today(), actor=clerk)
    assert not Monitoring.objects.filter(state=MonitoringState.ACTIVE).exists()


def test_registration_costs_a_fixed_number_of_queries(returnee) -> None:
    returnee()
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            returnee()
        counts.append(len(captured))
    assert counts == [counts[0]] * 3
    assert counts[0] <= 26


@pytest.mark.django_db(transaction=True)
def test_two_phones_register_one_document_at_once(tree, policies) -> None:
    number, outcomes = document(), []
    gate = threading.Barrier(2)

    def register() -> None:
        try:
            gate.wait(timeout=10)
            returnee_register(**returnee_fields(document_number=number))
            outcomes.append("created")
        except ApiError as error:
            outcomes.append(error.code.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=register) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["already_registered", "created"]
    assert (Person.objects.count(), Returnee.objects.count(), Monitoring.objects.count()) == (1, 1, 1)


def test_a_leaving_taken_back_goes_on_with_the_rest_of_the_term(returnee, user_with, at) -> None:
    village = user_with(Role.VILLAGE, CELL[:12])
    start = clock.now()
    row = returnee(arrived_on=clock.today())
    returnee_leave(returnee_id=row.pk, left_on=clock.today(), actor=village)
    at(start + dt.timedelta(days=3))
    assert CodeStatus.objects.get().rule_key == "left_early"
    again = returnee_return(returnee_id=row.pk, actor=village)
    assert (again.state, again.left_on, again.continues_id) == (ReturneeState.PRESENT, None, row.pk)
    assert (again.arrived_on, again.registered_day) == (row.arrived_on, clock.today())
    old, new = Monitoring.objects.order_by("registered_at")
    assert (old.state, new.state, new.continues_id) == (MonitoringState.LEFT, MonitoringState.ACTIVE, old.pk)
    assert (new.from_day, new.to_day, new.first_day) == (old.from_day, old.to_day, clock.today())
    assert CodeStatus.objects.get().rule_key == "under_monitoring"
    with pytest.raises(ApiError) as caught:
        returnee_return(returnee_id=row.pk, actor=village)
    assert caught.value.code is ErrorCode.WRONG_STATE
    assert Returnee.objects.get(pk=row.pk).state == ReturneeState.LEFT, "the row that left stays what figures counted"


def test_a_leaving_is_taken_back_after_the_term_without_a_new_one(returnee, user_with, at) -> None:
    village = user_with(Role.VILLAGE, CELL[:12])
    start = clock.now()
    row = returnee(arrived_on=clock.today())
    returnee_leave(returnee_id=row.pk, left_on=clock.today(), actor=village)
    at(start + dt.timedelta(days=20))
    returnee_return(returnee_id=row.pk, actor=village)
    assert Monitoring.objects.count() == 1


def test_an_edit_merges_leaves_returns_and_clashes(returnee, user_with) -> None:
    village = user_with(Role.VILLAGE, CELL[:12])
    row = returnee()

    def edit(base: int, key=None, **changes) -> Returnee:
        return returnee_update(returnee_id=key or row.pk, base_version=base, changes=changes, actor=village)

    assert edit(1, transport="car", origin_text="").version == 2
    assert edit(1, origin_text="东站").version == 3, "another field merges"
    with pytest.raises(ApiError) as caught:
        edit(1, transport="plane")
    assert caught.value.code is ErrorCode.EDITED_ELSEWHERE
    assert caught.value.detail is not None
    [clash] = caught.value.detail["conflicts"]
    assert (clash["stored"], clash["sent"], clash["by"]) == ("car", "plane", str(village))
    with pytest.raises(ApiError) as caught:
        edit(3, origin_code=None, origin_text=None)
    assert (caught.value.code, caught.value.field) == (ErrorCode.MISSING_FIELD, "origin")
    assert edit(3, transport=None).transport == ""
    assert edit(4, left_on=clock.today()).state == ReturneeState.LEFT
    back = edit(5, left_on=None)
    assert (back.pk != row.pk, back.state, back.continues_id) == (True, ReturneeState.PRESENT, row.pk)
    assert edit(back.version, back.pk, arrived_on=row.arrived_on - dt.timedelta(days=1)).arrived_on < row.arrived_on


def test_a_journey_is_forgotten_with_its_term(returnee) -> None:
    told = {"transport": "train", "transport_number": "G8012", "via": "沈阳市"}
    row = returnee(**told)
    assert row.monitor_to is not None
    assert returnees_forget_travel(day=row.monitor_to) == 0
    assert returnees_forget_travel(day=row.monitor_to + dt.timedelta(days=1)) == 1
    row.refresh_from_db()
    assert (row.transport, row.transport_number, row.via) == ("train", "", "")
    assert returnees_forget_travel(day=row.monitor_to + dt.timedelta(days=2)) == 0
