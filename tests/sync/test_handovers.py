"""Hand-overs through push: both phones may be without network, the first answer to arrive stands."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.alerts.models import Alert
from backend.alerts.services import handovers_overdue_evaluate
from backend.core import clock
from backend.core.ids import new_id
from backend.facts.models import SyncItem
from backend.health.choices import MonitoringKind
from backend.health.models import DailyCheck
from backend.health.services import monitoring_start
from backend.residents.models import HandOver, Household, Person, SealedBlob
from backend.residents.services import cells_merge, household_create, household_move, person_create
from backend.visits.models import Visit
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import SECOND_CELL
from tests.residents.factories import household as household_input
from tests.residents.factories import person as person_input
from tests.sync.conftest import item
from tests.sync.edits import Push, edit, said
from tests.sync.handovers import answer, offer

pytestmark = pytest.mark.django_db
VILLAGE = CELL[:12]


@pytest.fixture
def taker(client_of: Callable[[User], APIClient], user_with: Callable[..., User]) -> APIClient:
    """The worker of the cell beside."""
    return client_of(user_with(Role.GRID_WORKER, SECOND_CELL, "taker"))


def visit(door: Household, **more: Any) -> dict[str, Any]:
    return item("visit", {"household": str(door.pk), "outcome": "seen_well"}, **more)


def _near(stored: dt.datetime | None, told: dt.datetime) -> bool:
    """The same, but for the time that the upload took, which the correction of the clock adds."""
    return stored is not None and abs(stored - told) < dt.timedelta(minutes=5)


def test_offered_and_accepted_by_two_phones_that_had_no_network(
    push: Push, taker: APIClient, door: Household, worker: User
) -> None:
    person = person_create(item=person_input(household_id=door.pk, address=""), actor=None)
    made_at = clock.now() - dt.timedelta(hours=5)
    made = offer(door.pk, observed_at=made_at.isoformat(), note="张三丰家")
    assert said(push(made)) == [("created", None)]
    stored = HandOver.objects.get()
    assert (str(stored.pk), stored.author_name) == (made["id"], worker.display_name)
    assert _near(stored.offered_at, made_at)
    assert stored.received_at > made_at + dt.timedelta(hours=4)
    assert stored.due_at == stored.received_at + dt.timedelta(hours=24)

    at_the_door = visit(door)
    assert said(push(answer(made, "accepted"), client=taker)) == [("created", None)]
    door.refresh_from_db()
    person.refresh_from_db()
    assert (door.region_code, person.region_code) == (SECOND_CELL, SECOND_CELL)
    # What the giver recorded before he heard of it is filed under the taker.
    assert said(push(at_the_door)) == [("created", None)]
    assert list(Visit.objects.values_list("region_code", flat=True)) == [SECOND_CELL]


def test_the_acknowledgement_is_when_the_phone_was_tapped(push: Push, taker: APIClient, door: Household) -> None:
    made = offer(door.pk)
    push(made)
    HandOver.objects.update(
        received_at=clock.now() - dt.timedelta(hours=26), due_at=clock.now() - dt.timedelta(hours=2)
    )
    assert handovers_overdue_evaluate() == 1
    tapped = clock.now() - dt.timedelta(hours=3)
    push(answer(made, "accepted", observed_at=tapped.isoformat()), client=taker)
    stored = HandOver.objects.get()
    assert _near(stored.answered_at, tapped)
    assert _near(stored.answer_received_at, clock.now())
    assert not stored.late
    assert Alert.objects.get().close_reason == "settled"


def test_a_clock_that_cannot_be_right_acknowledges_when_it_arrives(
    push: Push, taker: APIClient, door: Household
) -> None:
    made = offer(door.pk)
    push(made)
    push(answer(made, "accepted", observed_at="2019-01-01T08:00:00+08:00"), client=taker)
    stored = HandOver.objects.get()
    assert stored.answered_at == stored.answer_received_at


def test_what_is_sent_twice_is_there_once(push: Push, taker: APIClient, door: Household) -> None:
    made = offer(door.pk)
    assert said(push(made, made)) == [("created", None), ("duplicate", None)]
    assert said(push(made)) == [("duplicate", None)]
    assert said(push({**made, "body": {**made["body"], "to": OTHER_CELL}})) == [("conflict", "id_reused")]
    taken = answer(made, "accepted")
    assert said(push(taken, client=taker)) == [("created", None)]
    assert said(push(taken, client=taker)) == [("duplicate", None)]
    assert said(push(answer(made, "accepted"), client=taker)) == [("created", None)]
    assert (HandOver.objects.count(), door.tenures.count()) == (1, 2)


def test_it_is_offered_and_taken_back_in_one_upload(push: Push, door: Household) -> None:
    made = offer(door.pk, seq=1)
    assert (
        said(push(made, answer(made, "withdrawn", seq=2), offer(door.pk, OTHER_CELL, seq=3))) == [("created", None)] * 3
    )
    assert sorted(HandOver.objects.values_list("to_region", "state")) == [
        (SECOND_CELL, "withdrawn"), (OTHER_CELL, "offered"),
    ]  # fmt: skip


def test_the_first_answer_to_arrive_stands(push: Push, taker: APIClient, door: Household) -> None:
    made = offer(door.pk)
    push(made, answer(made, "withdrawn"))
    late = push(answer(made, "accepted"), client=taker)
    assert said(late) == [("rejected", "already_answered")]
    assert "以先到的为准" in late["results"][0]["message"]
    door.refresh_from_db()
    assert door.region_code == CELL
    assert SealedBlob.objects.filter(purpose="rejected_item").count() == 1


def test_an_answer_that_comes_before_what_it_answers_is_kept_and_goes_again(
    push: Push, taker: APIClient, door: Household
) -> None:
    """The server was restored from a backup and forgot the offer; the giver's phone has not told it again yet."""
    made = offer(door.pk)
    taken = answer(made, "accepted")
    assert said(push(taken, client=taker)) == [("rejected", "unknown_handover")]
    push(made)
    assert said(push(taken, client=taker)) == [("created", None)]
    door.refresh_from_db()
    assert door.region_code == SECOND_CELL


def test_who_may_answer(push: Push, taker: APIClient, door: Household, neighbour: APIClient, client_of: Any,
                        user_with: Any) -> None:  # fmt: skip
    far = client_of(user_with(Role.GRID_WORKER, OTHER_CELL, "far"))
    clinic = client_of(user_with(Role.CLINIC, VILLAGE))
    made = offer(door.pk)
    push(made)
    unknown = [("rejected", "unknown_handover")]
    for client, word in ((far, "accepted"), (clinic, "accepted"), (far, "withdrawn"), (taker, "withdrawn")):
        assert said(push(answer(made, word), client=client)) == unknown
    assert said(push(answer(made, "accepted"), answer(made, "declined", reason="other"))) == unknown * 2
    assert said(push(answer(new_id().hex, "accepted"), client=taker)) == unknown
    assert said(push(answer(made, "declined"), client=taker)) == [("rejected", "missing_field")]
    assert said(push(answer(made, "declined", reason="not_ours"), client=neighbour)) == [("created", None)]
    assert said(push(answer(made, "withdrawn"))) == [("rejected", "already_answered")]


def test_a_village_is_asked_and_any_of_its_cells_may_take_it(
    push: Push, taker: APIClient, door: Household, neighbour: APIClient
) -> None:
    made = offer(door.pk, VILLAGE)
    assert said(push(made)) == [("created", None)]
    refused = push(
        answer(made, "declined", reason="not_ours"), answer(made, "accepted"), answer(made, "accepted", region=CELL),
        answer(made, "accepted", region="220521901901903"), client=taker,
    )  # fmt: skip
    assert [(r["code"], r["field"]) for r in refused["results"]] == [
        ("forbidden", "body.answer"), ("missing_field", "body.region"), ("unknown_region", "body.region"),
        ("unknown_region", "body.region"),
    ]  # fmt: skip
    assert said(push(answer(made, "accepted", region=CELL), client=neighbour)) == [("rejected", "same_region")]
    assert said(push(answer(made, "accepted", region=SECOND_CELL), client=taker)) == [("created", None)]
    other = push(answer(made, "accepted", region="220521901901903"), client=neighbour)
    assert said(other) == [("rejected", "already_answered")]


def test_a_cell_that_was_merged_while_the_phones_were_away_is_its_successor(
    push: Push, taker: APIClient, door: Household
) -> None:
    """A phone without network offers to the name it knows; the other accepts in the name that it still has."""
    third = f"{VILLAGE}903"
    cells_merge(code=SECOND_CELL, into=third, expected=0, keep_duties=True, actor=None)
    made = offer(door.pk, SECOND_CELL)
    assert said(push(made)) == [("created", None)]
    assert HandOver.objects.get().to_region == third
    assert said(push(answer(made, "accepted"), client=taker)) == [("created", None)]
    other = offer(household_create(item=household_input(), actor=None).pk, VILLAGE)
    push(other)
    assert said(push(answer(other, "accepted", region=SECOND_CELL), client=taker)) == [("created", None)]
    assert set(HandOver.objects.values_list("cell", flat=True)) == {third}


def test_who_may_offer_and_what(push: Push, taker: APIClient, door: Household, foreign_household: Any) -> None:
    loner = person_create(item=person_input(), actor=None)
    answers = push(
        offer(foreign_household), offer(), offer(door.pk, person=loner.pk), offer(door.pk, CELL),
        offer(door.pk, "220521901901999"), offer(door.pk, "220521901"), offer(person=new_id()),
        offer(door.pk, reason="tired"), offer(person=loner.pk, to=OTHER_CELL),
    )  # fmt: skip
    assert [(r.get("code"), r.get("field")) for r in answers["results"]] == [
        ("unknown_household", "body.household"), ("missing_field", "body.household"), ("bad_field", "body.person"),
        ("same_region", "body.to"), ("unknown_region", "body.to"), ("bad_field", "body.to"),
        ("unknown_person", "body.person"), ("bad_field", "body.reason"), (None, None),
    ]  # fmt: skip
    assert said(push(offer(person=loner.pk))) == [("rejected", "already_offered")]
    household_move(household_id=door.pk, to_region=OTHER_CELL, actor=None)
    assert said(push(offer(door.pk))) == [("rejected", "unknown_household")]


def test_who_lives_with_others_is_not_handed_over_alone(push: Push, door: Household) -> None:
    person = person_create(item=person_input(household_id=door.pk, address=""), actor=None)
    assert said(push(offer(person=person.pk))) == [("rejected", "in_household")]


def test_a_household_made_in_the_same_upload(push: Push, taker: APIClient) -> None:
    made = new_id()
    register = item("household", {
        "household": str(made), "region": CELL, "address": "前进路8号", "head_name": "王小明", "headcount": 3,
    })  # fmt: skip
    away = offer(made)
    assert said(push(away, register)) == [("created", None)] * 2
    assert said(push(answer(away, "accepted"), client=taker)) == [("created", None)]
    assert Household.objects.get().region_code == SECOND_CELL


def test_a_worker_whose_cells_changed_since_loses_neither_offer_nor_answer(
    push: Push, taker: APIClient, door: Household, worker: User
) -> None:
    made = offer(door.pk)
    Duty.objects.filter(user=worker).update(valid_to=clock.today())
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=OTHER_CELL, valid_from=clock.today())
    assert said(push(made)) == [("created", None)]
    Duty.objects.filter(user__username="taker").update(valid_to=clock.today())
    assert said(push(answer(made, "accepted"), client=taker)) == [("created", None)]


def test_what_the_taker_recorded_with_his_acceptance_is_his(push: Push, taker: APIClient, door: Household) -> None:
    """Both phones were away: acceptance, an edit and the first visit arrive in one upload."""
    made = offer(door.pk)
    push(made)
    taken = [answer(made, "accepted", seq=1), edit("household", door.pk, {"headcount": 5}, seq=2), visit(door, seq=3)]
    assert said(push(*taken, client=taker)) == [("created", None)] * 3
    door.refresh_from_db()
    assert (door.region_code, door.headcount) == (SECOND_CELL, 5)
    assert Visit.objects.get().region_code == SECOND_CELL


def test_checks_of_who_came_along_are_filed_there_too(push: Push, taker: APIClient, door: Household) -> None:
    person = person_create(item=person_input(household_id=door.pk, address=""), actor=None)
    monitoring_start(
        person_id=person.pk, region_code=CELL, kind=MonitoringKind.RETURNEE, start=clock.today(), source_id=new_id(),
        received_at=clock.now(),
    )  # fmt: skip
    made = offer(door.pk)
    push(made)
    check = item("check", {"person": str(person.pk), "session": "morning", "method": "door", "symptoms": []})
    assert said(push(check, answer(made, "accepted"), client=taker)) == [("created", None)] * 2
    assert DailyCheck.objects.get().region_code == SECOND_CELL


def test_a_visit_on_an_acceptance_that_came_too_late_is_kept_where_it_belongs(
    push: Push, taker: APIClient, door: Household
) -> None:
    made = offer(door.pk)
    push(made, answer(made, "withdrawn"))
    late = push(answer(made, "accepted"), edit("household", door.pk, {"headcount": 5}), visit(door), client=taker)
    assert said(late) == [("rejected", "already_answered"), ("rejected", "unknown_household"), ("created", None)]
    assert Visit.objects.get().region_code == CELL


def test_an_old_offer_lets_nobody_in(push: Push, taker: APIClient, door: Household) -> None:
    made = offer(door.pk)
    push(made, answer(made, "withdrawn"))
    HandOver.objects.update(received_at=clock.now() - dt.timedelta(days=40))
    assert said(push(visit(door), client=taker)) == [("rejected", "unknown_household")]


def test_the_queries_of_a_batch_do_not_grow_with_other_peoples_offers(push: Push, taker: APIClient) -> None:
    def offered(count: int) -> list[dict[str, Any]]:
        made = [offer(household_create(item=household_input(), actor=None).pk) for _ in range(count)]
        push(*made)
        return made

    few, many = offered(2), offered(9)
    visits = [[item("visit", {"household": o["body"]["household"], "outcome": "seen_well"}) for o in made]
              for made in (few, many)]  # fmt: skip
    push(*visits[0][:1], client=taker)
    counted = []
    for batch in visits:
        with CaptureQueriesContext(connection) as queries:
            assert {word for word, _ in said(push(*[{**v, "id": str(new_id())} for v in batch], client=taker))} == {
                "created"
            }
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_an_ordinary_batch_asks_nothing_about_hand_overs(push: Push, door: Household) -> None:
    push(visit(door))
    with CaptureQueriesContext(connection) as queries:
        push(visit(door))
    assert not [query for query in queries if "handover" in str(query["sql"])]


def test_ids_are_claimed_in_the_ledger(push: Push, taker: APIClient, door: Household) -> None:
    made = offer(door.pk)
    push(made)
    push(answer(made, "accepted"), client=taker)
    assert sorted(SyncItem.objects.values_list("kind", "verdict")) == [
        ("handover", "created"), ("handover_answer", "created"),
    ]  # fmt: skip
    assert Person.objects.count() == 0
