"""Raising and handling alerts: one per concern, transitions by the table, audited, set-based."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.alerts.choices import TRANSITIONS, Act, CloseReason, State
from backend.alerts.models import Alert, AlertEvent
from backend.alerts.rules import Finding
from backend.alerts.selectors import close_note_of, events_of
from backend.alerts.services import alert_acknowledge, alert_close, alert_reopen, alerts_evaluate
from backend.audit.models import AuditEntry
from backend.core.errors import ApiError, ErrorCode
from tests.alerts.conftest import number_events
from tests.conftest import CELL, OTHER_CELL

pytestmark = pytest.mark.usefixtures("policies")


@pytest.fixture
def village(user_with: Callable[..., User]) -> User:
    return user_with(Role.VILLAGE, CELL[:12])


def test_a_fever_is_an_urgent_alert_with_its_reason_and_time_limit(fever: Callable[..., Alert]) -> None:
    alert = Alert.objects.get(pk=fever().pk)
    assert (alert.rule, alert.severity, alert.state, alert.region_code) == ("fever", "urgent", "open", CELL)
    assert alert.why == "体温 38.2℃，达到发热标准 37.3℃。"
    assert alert.due_at is not None
    assert (alert.due_at - alert.raised_at).total_seconds() == 2 * 3600
    assert alert.rule_version
    assert alert.clause.startswith("联防联控机制发〔2020〕28号 ")
    (event,) = events_of(alert.pk)
    assert event.type == "raised"
    assert event.seq is not None
    assert event.data["title"] == "发热 38.2℃"


def test_the_same_concern_twice_is_one_alert(fever: Callable[..., Alert], finding: Callable[..., Finding]) -> None:
    alert = fever()
    again = finding(temperature="39.0", household_id=alert.household_id)
    assert alerts_evaluate(findings=[again, again]) == []
    assert Alert.objects.count() == 1
    assert AlertEvent.objects.count() == 1
    assert str(again.source_id) in Alert.objects.get().occasions


def test_two_findings_of_one_concern_in_one_batch_are_one_alert(tree: Any, finding: Callable[..., Finding]) -> None:
    household = uuid.uuid4()
    pair = [finding(temperature="38.0", household_id=household), finding(temperature="39.0", household_id=household)]
    (alert,) = alerts_evaluate(findings=pair)
    assert sorted(Alert.objects.get(pk=alert.pk).occasions) == sorted(str(f.source_id) for f in pair)


def test_a_closed_concern_rings_again_for_new_evidence_only(
    fever: Callable[..., Alert], finding: Callable[..., Finding], village: User
) -> None:
    alert = fever()
    old = finding(temperature="38.2", household_id=alert.household_id, source_id=uuid.UUID(alert.occasions[0]))
    alert_close(actor=village, alert_id=alert.pk, reason=CloseReason.HANDLED)
    assert alerts_evaluate(findings=[old]) == []
    new = finding(temperature="38.2", household_id=alert.household_id)
    assert len(alerts_evaluate(findings=[new])) == 1


def test_a_sweep_that_runs_each_minute_does_not_reopen_what_was_closed(
    tree: Any, finding: Callable[..., Finding], village: User
) -> None:
    missed = finding(kind="check_missed", session="morning", person_id=uuid.uuid4())
    evening = finding(kind="check_missed", session="evening", person_id=missed.person_id)
    (alert,) = alerts_evaluate(findings=[missed])
    assert alerts_evaluate(findings=[evening]) == []
    alert_close(actor=village, alert_id=alert.pk, reason=CloseReason.HANDLED)
    assert alerts_evaluate(findings=[missed, missed]) == []
    assert alerts_evaluate(findings=[evening]) == []


def test_a_batch_costs_two_statements_and_nothing_to_say_costs_none(tree: Any, finding: Callable[..., Finding]) -> None:
    alerts_evaluate(findings=[finding(temperature="38.0")])
    with CaptureQueriesContext(connection) as quiet:
        alerts_evaluate(findings=[finding(temperature="36.5") for _ in range(100)])
    assert len(quiet) == 0
    with CaptureQueriesContext(connection) as loud:
        raised = alerts_evaluate(findings=[finding(temperature="38.0") for _ in range(100)])
    assert len(raised) == 100
    assert len(loud) == 2


def test_every_pair_of_state_and_act_follows_the_table(fever: Callable[..., Alert], village: User) -> None:
    acts = {
        Act.ACKNOWLEDGE: lambda pk: alert_acknowledge(actor=village, alert_id=pk),
        Act.CLOSE: lambda pk: alert_close(actor=village, alert_id=pk, reason=CloseReason.HANDLED),
        Act.REOPEN: lambda pk: alert_reopen(actor=village, alert_id=pk),
    }
    to_reach = {
        State.OPEN: (),
        State.ACKNOWLEDGED: (Act.ACKNOWLEDGE,),
        State.CLOSED: (Act.ACKNOWLEDGE, Act.CLOSE),
    }
    for state in State:
        for act in Act:
            alert = fever()
            for step in to_reach[state]:
                acts[step](alert.pk)
            events = AlertEvent.objects.filter(alert=alert).count()
            audits = AuditEntry.objects.count()
            after = TRANSITIONS.get((state, act))
            if after is None:
                with pytest.raises(ApiError) as refused:
                    acts[act](alert.pk)
                assert refused.value.code is ErrorCode.WRONG_STATE
                after = state
            else:
                acts[act](alert.pk)
            moved = after != state
            assert Alert.objects.get(pk=alert.pk).state == after
            assert AlertEvent.objects.filter(alert=alert).count() == events + moved
            assert AuditEntry.objects.count() == audits + moved


def test_closing_again_with_another_reason_is_refused(fever: Callable[..., Alert], village: User) -> None:
    alert = fever()
    alert_close(actor=village, alert_id=alert.pk, reason=CloseReason.HANDLED)
    with pytest.raises(ApiError) as refused:
        alert_close(actor=village, alert_id=alert.pk, reason=CloseReason.FALSE_ALARM)
    assert refused.value.code is ErrorCode.WRONG_STATE


def test_the_note_is_sealed_and_stays_out_of_the_audit(fever: Callable[..., Alert], village: User) -> None:
    alert = fever()
    alert_close(actor=village, alert_id=alert.pk, reason=CloseReason.OTHER, note="王大爷已送县医院")
    stored = Alert.objects.get(pk=alert.pk)
    assert "王".encode() not in bytes(stored.close_note_sealed or b"")
    assert close_note_of(stored) == "王大爷已送县医院"
    entry = AuditEntry.objects.get(action="alert.close")
    assert entry.detail == {"state": "closed", "reason": "other"}
    assert (entry.actor_id, entry.region_code) == (village.pk, CELL)


def test_another_village_finds_no_such_alert(fever: Callable[..., Alert], user_with: Callable[..., User]) -> None:
    stranger = user_with(Role.VILLAGE, OTHER_CELL[:12])
    alert = fever()
    for act in (
        lambda: alert_acknowledge(actor=stranger, alert_id=alert.pk),
        lambda: alert_close(actor=stranger, alert_id=alert.pk, reason=CloseReason.HANDLED),
        lambda: alert_reopen(actor=stranger, alert_id=alert.pk),
    ):
        with pytest.raises(ApiError) as refused:
            act()
        assert refused.value.code is ErrorCode.NOT_FOUND


def test_reopening_is_refused_while_the_concern_has_an_open_alert(
    fever: Callable[..., Alert], finding: Callable[..., Finding], village: User
) -> None:
    alert = fever()
    alert_close(actor=village, alert_id=alert.pk, reason=CloseReason.HANDLED)
    alerts_evaluate(findings=[finding(temperature="38.5", household_id=alert.household_id)])
    with pytest.raises(ApiError) as refused:
        alert_reopen(actor=village, alert_id=alert.pk)
    assert refused.value.code is ErrorCode.WRONG_STATE
    assert Alert.objects.get(pk=alert.pk).state == "closed"


def test_a_reopened_alert_starts_over(fever: Callable[..., Alert], village: User) -> None:
    alert = fever()
    alert_acknowledge(actor=village, alert_id=alert.pk)
    alert_close(actor=village, alert_id=alert.pk, reason=CloseReason.HANDLED, note="说明")
    again = alert_reopen(actor=village, alert_id=alert.pk)
    stored = Alert.objects.get(pk=alert.pk)
    assert (stored.state, stored.acknowledged_at, stored.closed_at, stored.close_reason) == ("open", None, None, "")
    assert stored.close_note_sealed is None
    assert again.due_at is not None
    number_events()
    assert [e.type for e in events_of(alert.pk)] == ["raised", "acknowledged", "closed", "reopened"]
