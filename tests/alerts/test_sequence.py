"""The event number is the order of commits, whatever the order of writing: real transactions on real connections."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from backend.alerts.models import Alert, AlertEvent
from backend.alerts.rules import Finding
from backend.alerts.selectors import events_after, last_seq
from backend.alerts.services import alerts_evaluate
from backend.policies.selectors import forget_rules

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def committed(tree: Any, policies: None) -> Any:
    yield
    forget_rules()


class Other(threading.Thread):
    """A transaction on another connection that raises an alert, then waits for `go` before it commits."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        self.written, self.go = threading.Event(), threading.Event()
        self.alert: Alert | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with transaction.atomic():
                (self.alert,) = alerts_evaluate(findings=[self.finding])
                self.written.set()
                assert self.go.wait(20)
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            self.error = error
            self.written.set()
        finally:
            connection.close()

    def finish(self) -> None:
        self.go.set()
        self.join(20)
        assert not self.is_alive()
        assert self.error is None, self.error


def test_who_writes_first_and_commits_last_gets_the_higher_number(finding: Callable[..., Finding]) -> None:
    early = Other(finding(temperature="38.0"))
    early.start()
    assert early.written.wait(20)
    (late,) = alerts_evaluate(findings=[finding(temperature="38.0")])
    seen = events_after(0, limit=10)
    assert [event.alert for event in seen] == [str(late.pk)]
    early.finish()
    assert early.alert is not None
    # A reader that stopped at what it saw misses nothing.
    assert [event.alert for event in events_after(seen[-1].seq, limit=10)] == [str(early.alert.pk)]


def test_an_uncommitted_alert_holds_nobody_up(finding: Callable[..., Finding]) -> None:
    others = [Other(finding(temperature="38.0")) for _ in range(3)]
    for other in others:
        other.start()
        assert other.written.wait(20)
    assert last_seq() == 0
    for other in reversed(others):
        other.finish()
    order = [event.alert for event in events_after(0, limit=10)]
    assert order == [str(other.alert.pk) for other in reversed(others) if other.alert]


def test_the_same_concern_from_two_connections_at_once_is_one_alert(finding: Callable[..., Finding]) -> None:
    one = finding(temperature="38.0")
    other = Other(one)
    other.start()
    assert other.written.wait(20)
    answers: list[list[Alert]] = []

    def second() -> None:
        try:
            answers.append(alerts_evaluate(findings=[finding(temperature="39.0", household_id=one.household_id)]))
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    other.finish()
    thread.join(20)
    assert answers == [[]]
    assert Alert.objects.count() == AlertEvent.objects.count() == 1


def test_a_rolled_back_savepoint_leaves_no_event_and_no_number(finding: Callable[..., Finding]) -> None:
    with transaction.atomic():
        alerts_evaluate(findings=[finding(temperature="38.0")])
        point = transaction.savepoint()
        alerts_evaluate(findings=[finding(temperature="38.0")])
        transaction.savepoint_rollback(point)
    assert Alert.objects.count() == 1
    assert [event.seq for event in events_after(0, limit=10)] == [last_seq()]


def test_many_writers_while_a_reader_reads_on_none_is_missed(finding: Callable[..., Finding]) -> None:
    """A reader that always asks for what follows the last number it saw ends with every event, in order."""
    writers = 6
    each = 15
    errors: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(each):
                with transaction.atomic():
                    alerts_evaluate(findings=[finding(temperature="38.0")])
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while any(thread.is_alive() for thread in threads):
        seen += [event.seq for event in events_after(seen[-1] if seen else 0, limit=50)]
    seen += [event.seq for event in events_after(seen[-1] if seen else 0, limit=500)]
    assert not errors
    assert len(seen) == writers * each
    assert seen == sorted(set(seen))
