"""Hand-overs: responsibility stays until somebody accepts, one answer stands, the clock runs from the receipt."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backend.accounts.choices import Capability, Role
from backend.accounts.models import User
from backend.alerts.choices import CloseReason
from backend.alerts.models import Alert
from backend.alerts.services import alert_close, handovers_overdue_evaluate
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.regions.services import cell_close
from backend.residents.choices import DeclineReason, HandOverReason, HandOverState
from backend.residents.models import HandOver, Household, Person
from backend.residents.rules import Said
from backend.residents.selectors import handover_notes
from backend.residents.services import (
    handover_answer,
    handover_offer,
    household_close,
    household_create,
    household_move,
    person_create,
    person_move,
    person_update,
)
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import SECOND_CELL
from tests.residents.factories import household as household_input
from tests.residents.factories import person as person_input

pytestmark = pytest.mark.django_db
VILLAGE = CELL[:12]
ACCEPTED, DECLINED, WITHDRAWN = HandOverState.ACCEPTED, HandOverState.DECLINED, HandOverState.WITHDRAWN


@pytest.fixture
def giver(user_with: Callable[..., User], policies: None) -> User:
    return user_with(Role.GRID_WORKER, CELL, "giver")


@pytest.fixture
def taker(user_with: Callable[..., User]) -> User:
    return user_with(Role.GRID_WORKER, SECOND_CELL, "taker")


@pytest.fixture
def door(giver: User) -> Household:
    return household_create(item=household_input(), actor=None)


@pytest.fixture
def offer(giver: User, door: Household) -> Callable[..., HandOver]:
    def make(**changes: Any) -> HandOver:
        values: dict[str, Any] = {
            "id": new_id(), "household_id": door.pk, "to_region": SECOND_CELL, "reason": HandOverReason.WRONG_CELL,
            "actor": giver,
        }  # fmt: skip
        return handover_offer(**values | changes)

    return make


def refused(code: ErrorCode, run: Callable[[], object]) -> None:
    with pytest.raises(ApiError) as error, transaction.atomic():
        run()
    assert error.value.code is code


def test_it_stays_with_the_giver_until_it_is_accepted(
    offer: Callable[..., HandOver], door: Household, taker: User
) -> None:
    person = person_create(item=person_input(household_id=door.pk, address=""), actor=None)
    made = offer()
    door.refresh_from_db()
    assert (door.region_code, made.state, made.place) == (CELL, "offered", door.place)
    done = handover_answer(handover_id=made.pk, answer=ACCEPTED, actor=taker)
    door.refresh_from_db()
    person.refresh_from_db()
    assert (door.region_code, person.region_code, done.cell, done.answered_by_name) == (
        SECOND_CELL, SECOND_CELL, SECOND_CELL, taker.display_name,
    )  # fmt: skip
    entries = AuditEntry.objects.filter(target_kind="handover").order_by("id")
    assert list(entries.values_list("action", "region_code")) == [
        ("handover_offer", CELL), ("handover_accept", SECOND_CELL),
    ]  # fmt: skip


def test_notes_are_sealed(offer: Callable[..., HandOver], taker: User) -> None:
    made = offer(note="张三丰已搬到二幢")
    done = handover_answer(
        handover_id=made.pk, answer=DECLINED, actor=taker, reason=DeclineReason.NOT_FOUND, note="敲门无人"
    )
    assert "张三丰".encode() not in bytes(made.note_sealed or b"")
    assert handover_notes(done) == ("张三丰已搬到二幢", "敲门无人")
    assert (done.state, done.decline_reason, done.cell) == ("declined", "not_found", "")


def test_a_person_without_a_household_goes_with_his_address(giver: User, taker: User) -> None:
    person = person_create(item=person_input(), actor=None)
    made = handover_offer(
        id=new_id(), person_id=person.pk, to_region=SECOND_CELL, reason=HandOverReason.MOVED, actor=giver
    )
    handover_answer(handover_id=made.pk, answer=ACCEPTED, actor=taker)
    person.refresh_from_db()
    assert (person.region_code, person.address, person.previous_codes) == (SECOND_CELL, "东沟屯12号", [CELL])


def test_who_lives_with_others_goes_with_them(giver: User, door: Household) -> None:
    person = person_create(item=person_input(household_id=door.pk, address=""), actor=None)
    refused(
        ErrorCode.IN_HOUSEHOLD,
        lambda: handover_offer(
            id=new_id(), person_id=person.pk, to_region=SECOND_CELL, reason=HandOverReason.MOVED, actor=giver
        ),
    )


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (CELL, ErrorCode.SAME_REGION),
        ("220521901901999", ErrorCode.UNKNOWN_REGION),
        ("220521901", ErrorCode.UNKNOWN_REGION),
        ("220522901901901", ErrorCode.UNKNOWN_REGION),
    ],
)
def test_it_goes_to_a_cell_or_village_in_use_of_the_county(
    offer: Callable[..., HandOver], target: str, code: ErrorCode
) -> None:
    refused(code, lambda: offer(to_region=target))


def test_one_at_a_time(offer: Callable[..., HandOver], taker: User) -> None:
    first = offer()
    refused(ErrorCode.ALREADY_OFFERED, lambda: offer(to_region=OTHER_CELL))
    handover_answer(handover_id=first.pk, answer=DECLINED, actor=taker, reason=DeclineReason.OTHER)
    assert offer(to_region=OTHER_CELL).state == "offered"


def test_the_database_holds_one_at_a_time(offer: Callable[..., HandOver], door: Household) -> None:
    made = offer()
    with pytest.raises(IntegrityError), transaction.atomic():
        HandOver.objects.bulk_create([HandOver(**{
            field: getattr(made, field) for field in (
                "household_id", "place", "from_region", "to_region", "reason", "author_name", "offered_at",
                "received_at", "due_at", "rule_version", "clause",
            )
        }, id=new_id())])  # fmt: skip


@pytest.mark.parametrize("first", [ACCEPTED, DECLINED, WITHDRAWN])
@pytest.mark.parametrize("second", [ACCEPTED, DECLINED, WITHDRAWN])
def test_the_first_answer_stands_and_the_same_again_is_no_fault(
    offer: Callable[..., HandOver], taker: User, first: HandOverState, second: HandOverState
) -> None:
    made = offer()
    reason = DeclineReason.NOT_OURS
    handover_answer(handover_id=made.pk, answer=first, actor=taker, reason=reason)
    before = AuditEntry.objects.count()
    again = partial(handover_answer, handover_id=made.pk, answer=second, actor=taker, reason=reason)
    if first is second:
        assert again().state == first
        assert AuditEntry.objects.count() == before
    else:
        refused(ErrorCode.ALREADY_ANSWERED, again)


def test_a_village_names_the_cell(offer: Callable[..., HandOver], door: Household, user_with: Any) -> None:
    made = offer(to_region=VILLAGE)
    village = user_with(Role.VILLAGE, VILLAGE)

    def accept(region: str) -> HandOver:
        return handover_answer(handover_id=made.pk, answer=ACCEPTED, actor=village, region=region)

    for code, region in (
        (ErrorCode.MISSING_FIELD, ""), (ErrorCode.SAME_REGION, CELL), (ErrorCode.UNKNOWN_REGION, OTHER_CELL),
        (ErrorCode.UNKNOWN_REGION, "220521901901999"),
    ):  # fmt: skip
        refused(code, partial(accept, region))
    accept(SECOND_CELL)
    refused(ErrorCode.ALREADY_ANSWERED, partial(accept, "220521901901903"))
    door.refresh_from_db()
    assert door.region_code == SECOND_CELL


def test_declining_says_why(offer: Callable[..., HandOver], taker: User) -> None:
    made = offer()
    refused(ErrorCode.MISSING_FIELD, lambda: handover_answer(handover_id=made.pk, answer=DECLINED, actor=taker))


def test_what_goes_another_way_makes_it_void(offer: Callable[..., HandOver], door: Household, taker: User) -> None:
    moved = offer()
    household_move(household_id=door.pk, to_region=OTHER_CELL, actor=None)
    refused(ErrorCode.WRONG_STATE, lambda: handover_answer(handover_id=moved.pk, answer=ACCEPTED, actor=taker))
    closed = offer(to_region=CELL)
    household_close(household_id=door.pk, actor=None)
    assert set(HandOver.objects.filter(pk__in=[moved.pk, closed.pk]).values_list("state", flat=True)) == {"void"}


@pytest.mark.parametrize("way", ["move", "household"])
def test_a_person_who_goes_another_way_makes_it_void(giver: User, door: Household, way: str) -> None:
    person = person_create(item=person_input(), actor=None)
    made = handover_offer(
        id=new_id(), person_id=person.pk, to_region=SECOND_CELL, reason=HandOverReason.MOVED, actor=giver
    )
    if way == "move":
        person_move(person_id=person.pk, to_region=OTHER_CELL, actor=None, address="别处")
    else:
        person_update(person_id=person.pk, base_version=1, changes={"household_id": door.pk}, actor=None)
    made.refresh_from_db()
    assert (made.state, Person.objects.get().version) == ("void", 2)


def test_both_sides_see_it_and_nobody_else(offer: Callable[..., HandOver], user_with: Any) -> None:
    offer(to_region=OTHER_CELL[:12])
    seen = {
        region: HandOver.objects.visible_to(user_with(role, region), Capability.HOUSEHOLD_EDIT).count()
        for role, region in (
            (Role.GRID_LEADER, CELL), (Role.GRID_WORKER, SECOND_CELL), (Role.GRID_WORKER, OTHER_CELL),
            (Role.VILLAGE, OTHER_CELL[:12]), (Role.TOWNSHIP, CELL[:9]), (Role.CLINIC, VILLAGE),
        )
    }  # fmt: skip
    assert seen == {
        CELL: 1, SECOND_CELL: 0, OTHER_CELL: 1, OTHER_CELL[:12]: 1, CELL[:9]: 1, VILLAGE: 0,
    }  # fmt: skip


def test_the_clock_runs_from_the_receipt(offer: Callable[..., HandOver]) -> None:
    now = clock.now()
    made = offer(said=Said(now - dt.timedelta(hours=9), now))
    assert (made.offered_at, made.received_at) == (now - dt.timedelta(hours=9), now)
    assert made.due_at - made.received_at == dt.timedelta(hours=24)
    assert made.rule_version.startswith("national-")
    assert "handover.acknowledge.hours" in made.rule_version
    assert "通知未规定签收时限" in made.clause


@pytest.fixture
def overdue(offer: Callable[..., HandOver]) -> HandOver:
    long_ago = clock.now() - dt.timedelta(hours=25)
    return offer(said=Said(long_ago, long_ago))


def test_overdue_is_an_alert_once_where_it_was_offered(overdue: HandOver, user_with: Any, taker: User) -> None:
    assert [handovers_overdue_evaluate() for _ in range(2)] == [1, 0]
    alert = Alert.objects.get()
    assert (alert.rule, alert.severity, alert.region_code, alert.place) == (
        "handover_overdue", "warning", SECOND_CELL, overdue.place,
    )  # fmt: skip
    assert "24 小时" in alert.why
    assert "handover.acknowledge.hours" in alert.rule_version
    alert_close(actor=user_with(Role.VILLAGE, VILLAGE), alert_id=alert.pk, reason=CloseReason.HANDLED)
    assert handovers_overdue_evaluate() == 0


@pytest.mark.parametrize("answer", [ACCEPTED, DECLINED, WITHDRAWN, None])
def test_an_answer_closes_the_alert(
    overdue: HandOver, taker: User, door: Household, answer: HandOverState | None
) -> None:
    handovers_overdue_evaluate()
    if answer is None:
        household_move(household_id=door.pk, to_region=OTHER_CELL, actor=None)
    else:
        handover_answer(handover_id=overdue.pk, answer=answer, actor=taker, reason=DeclineReason.OTHER)
    alert = Alert.objects.get()
    assert (alert.state, alert.close_reason, alert.closed_by_name) == ("closed", "settled", "")
    assert handovers_overdue_evaluate() == 0


def test_what_was_accepted_in_time_on_a_phone_without_network_is_not_late(overdue: HandOver, taker: User) -> None:
    in_time = Said(overdue.received_at + dt.timedelta(hours=2), clock.now())
    assert not handover_answer(handover_id=overdue.pk, answer=ACCEPTED, actor=taker, said=in_time).late


def test_nobody_answers_before_it_was_received(offer: Callable[..., HandOver], taker: User) -> None:
    made = offer()
    early = Said(made.received_at - dt.timedelta(hours=3), clock.now())
    assert (
        handover_answer(handover_id=made.pk, answer=ACCEPTED, actor=taker, said=early).answered_at == made.received_at
    )


def test_a_cell_to_which_something_is_offered_is_not_taken_out_of_use(offer: Callable[..., HandOver]) -> None:
    made = offer()
    with pytest.raises(ApiError, match="wrong_state") as error:
        cell_close(actor=None, code=SECOND_CELL)
    assert "1 件待签收的移交" in error.value.message
    handover_answer(handover_id=made.pk, answer=WITHDRAWN, actor=offer_author(made))
    assert cell_close(actor=None, code=SECOND_CELL).valid_to is not None


def offer_author(handover: HandOver) -> User:
    return User.objects.get(pk=handover.author_id)
