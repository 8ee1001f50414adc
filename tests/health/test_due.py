"""Which checks a day asks for: by dates, sessions and deadlines, at a constant number of queries."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.choices import Role
from backend.alerts.choices import CloseReason
from backend.alerts.models import Alert
from backend.alerts.services import alert_acknowledge, alert_close, alert_reopen
from backend.core import clock
from backend.core.scope import Scope
from backend.health.choices import DueState
from backend.health.selectors import check_counts_by_cell, checks_due, people_with_check
from backend.health.services import checks_missed_evaluate, checks_record
from backend.returnees.services import returnee_leave
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import check_row

ALL = Scope.of(["22"])


@pytest.fixture
def morning(at, policies) -> dt.datetime:
    """Eight o'clock of the running day, before every deadline; business time stands there."""
    moment = clock.at(clock.today(), dt.time(8))
    at(moment)
    return moment


def states(day: dt.date, scope: Scope = ALL) -> dict[str, str]:
    found = checks_due(day=day, scope=scope, now=clock.now(), limit=500)
    return {check.session: check.state.value for check in found}


def test_both_sessions_are_due_on_every_day_of_the_term_and_on_no_other(morning, returnee) -> None:
    today = clock.today()
    returnee(arrived_on=today)
    assert states(today) == {"morning": "due", "evening": "due"}
    assert states(today + dt.timedelta(days=13)) == {"morning": "due", "evening": "due"}
    assert states(today + dt.timedelta(days=14)) == {}
    assert states(today - dt.timedelta(days=1)) == {}


def test_a_check_is_done_when_somebody_was_reached(morning, returnee, at) -> None:
    person = returnee().person_id
    checks_record(rows=[check_row(person, reachable=False, temperature=None)])
    [first, _] = checks_due(day=clock.today(), scope=ALL, now=clock.now(), limit=10)
    assert (first.state, first.attempted) == (DueState.DUE, True)
    checks_record(rows=[check_row(person, temperature=Decimal("36.6"))])
    [first, second] = checks_due(day=clock.today(), scope=ALL, now=clock.now(), limit=10)
    assert (first.state, first.attempted, first.temperature) == (DueState.DONE, False, Decimal("36.6"))
    assert second.state is DueState.DUE
    at(morning + dt.timedelta(hours=14))
    assert states(clock.today()) == {"morning": "done", "evening": "missed"}


def test_a_replaced_or_doubtful_check_leaves_the_session_due(morning, returnee) -> None:
    person = returnee().person_id
    wrong = check_row(person)
    checks_record(rows=[wrong])
    checks_record(rows=[check_row(person, session="evening", replaces_id=wrong.id)])
    assert states(clock.today()) == {"morning": "due", "evening": "done"}
    other = returnee(address="后街").person_id
    checks_record(rows=[check_row(other, doubtful=True)])
    assert people_with_check(day=clock.today(), scope=ALL, now=clock.now(), state=DueState.DUE) == {person, other}


def test_nobody_owes_a_session_that_was_over_when_he_was_registered(morning, returnee, at) -> None:
    at(morning + dt.timedelta(hours=6))
    person = returnee().person_id
    assert states(clock.today()) == {"evening": "due"}
    checks_record(rows=[check_row(person)])
    assert states(clock.today()) == {"morning": "done", "evening": "due"}
    assert states(clock.today() + dt.timedelta(days=1)) == {"morning": "due", "evening": "due"}


def test_leaving_ends_the_checks_with_that_day(morning, returnee, user_with) -> None:
    registered = returnee(arrived_on=clock.today() - dt.timedelta(days=2))
    clerk = user_with(Role.TOWNSHIP, "220521901")
    returnee_leave(returnee_id=registered.pk, left_on=clock.today(), actor=clerk)
    assert states(clock.today()) == {"morning": "due", "evening": "due"}
    assert states(clock.today() + dt.timedelta(days=1)) == {}


def test_counts_are_as_of_a_moment(morning, returnee, at, user_with) -> None:
    registered = returnee(arrived_on=clock.today() - dt.timedelta(days=3))
    returnee(region_code=OTHER_CELL, address="西街")
    noon = morning + dt.timedelta(hours=5)
    at(noon)
    late = check_row(registered.person_id, at=morning)
    checks_record(rows=[late.__class__(**{**_fields(late), "received_at": noon})])
    returnee_leave(
        returnee_id=registered.pk, left_on=clock.today() - dt.timedelta(days=1),
        actor=user_with(Role.TOWNSHIP, "220521901"),
    )  # fmt: skip
    before = check_counts_by_cell(day=clock.today(), as_of=noon - dt.timedelta(minutes=30))
    assert [(c.region_code, c.session, c.expected, c.done, c.missed, c.due) for c in before] == [
        (CELL, "evening", 1, 0, 0, 1), (CELL, "morning", 1, 0, 1, 0),
        (OTHER_CELL, "evening", 1, 0, 0, 1), (OTHER_CELL, "morning", 1, 0, 1, 0),
    ]  # fmt: skip
    after = check_counts_by_cell(day=clock.today(), as_of=noon, scope=Scope.of([CELL]))
    assert after == []


def _fields(row) -> dict:
    return {name: getattr(row, name) for name in row.__slots__}


def test_pages_hold_whole_people_and_cost_the_same(morning, returnee, django_assert_num_queries) -> None:
    people = [returnee(address=f"前进路{n}号").person_id for n in range(7)]
    seen = []
    for offset in (0, 3, 6):
        with django_assert_num_queries(2):
            page = checks_due(day=clock.today(), scope=ALL, now=clock.now(), limit=3, offset=offset)
        assert len(page) == 2 * len({check.person_id for check in page})
        seen += [check.person_id for check in page[::2]]
    assert sorted(seen) == sorted(people)
    with django_assert_num_queries(2):
        check_counts_by_cell(day=clock.today(), as_of=clock.now())


def test_an_empty_scope_sees_nothing(morning, returnee) -> None:
    returnee()
    assert states(clock.today(), Scope.nothing()) == {}


def test_a_missed_check_rings_once_and_is_silent_after_it_was_closed(morning, returnee, at, user_with) -> None:
    person = returnee().person_id
    assert checks_missed_evaluate(day=clock.today()) == 0
    at(morning + dt.timedelta(hours=5))
    for _ in range(2):
        assert checks_missed_evaluate(day=clock.today()) == 1
    alert = Alert.objects.get()
    assert (alert.rule, alert.person_id, alert.place) == ("check_missed", person, "前进路8号")
    alert_close(alert_id=alert.pk, reason=CloseReason.HANDLED, actor=user_with(Role.TOWNSHIP, "220521901"))
    checks_missed_evaluate(day=clock.today())
    assert Alert.objects.count() == 1
    at(morning + dt.timedelta(hours=14))
    assert checks_missed_evaluate(day=clock.today()) == 2
    assert Alert.objects.count() == 2
    checks_record(rows=[check_row(person), check_row(person, session="evening")])
    assert checks_missed_evaluate(day=clock.today()) == 0


def test_the_late_check_closes_the_alert_by_itself(morning, returnee, at, user_with) -> None:
    person = returnee().person_id
    other = returnee(address="后街").person_id
    at(morning + dt.timedelta(hours=14))
    checks_missed_evaluate(day=clock.today())
    alert_acknowledge(alert_id=Alert.objects.get(person_id=person).pk, actor=user_with(Role.TOWNSHIP, "220521901"))
    checks_record(rows=[check_row(person, reachable=False, temperature=None), check_row(person, session="evening")])
    assert Alert.objects.get(person_id=person).state == "acknowledged"  # the morning is still missing
    checks_record(rows=[check_row(person)])
    alert = Alert.objects.get(person_id=person)
    assert (alert.state, alert.close_reason, alert.closed_by_id, alert.closed_at) == (
        "closed",
        "answered",
        None,
        clock.now(),
    )
    event = alert.events.order_by("id").last()
    assert (event.type, event.actor_name, event.data["reason"]) == ("closed", "", "answered")
    assert Alert.objects.get(person_id=other).state == "open"
    checks_missed_evaluate(day=clock.today())
    assert Alert.objects.filter(person_id=person).count() == 1


def test_a_check_answers_only_what_it_is_about(morning, returnee, at, user_with) -> None:
    person = returnee().person_id
    at(morning + dt.timedelta(hours=5))
    checks_missed_evaluate(day=clock.today())
    checks_record(rows=[check_row(person)])
    clerk = user_with(Role.TOWNSHIP, "220521901")
    alert_reopen(alert_id=Alert.objects.get().pk, actor=clerk)
    checks_record(rows=[check_row(person, session="evening")])
    assert Alert.objects.get().state == "open"


def test_answering_costs_the_same_however_many(morning, returnee, at) -> None:
    people = [returnee(address=f"前进路{n}号").person_id for n in range(9)]
    at(morning + dt.timedelta(hours=5))
    checks_missed_evaluate(day=clock.today())

    def queries(person_ids: list) -> int:
        with CaptureQueriesContext(connection) as counted:
            checks_record(rows=[check_row(person) for person in person_ids])
        assert Alert.objects.filter(person_id__in=person_ids, close_reason="answered").count() == len(person_ids)
        return len(counted)

    queries(people[:1])
    assert queries(people[1:2]) == queries(people[2:])


def test_missed_checks_cost_the_same_however_many(morning, returnee, at, django_assert_max_num_queries) -> None:
    for n in range(9):
        returnee(address=f"前进路{n}号")
    at(morning + dt.timedelta(hours=14))
    with django_assert_max_num_queries(8):
        assert checks_missed_evaluate(day=clock.today()) == 18
    assert Alert.objects.count() == 9
