"""An alert in words and marks, for office lists and pages."""

from typing import Any

from backend.alerts.choices import CloseReason, EventType, Severity, State
from backend.alerts.models import Alert, AlertEvent
from backend.core.office.words import due_words, mark, quiet, time_words

_TONES = {Severity.URGENT: "bad", Severity.WARNING: "warn", Severity.NOTICE: "calm"}


def severity_mark(alert: Alert) -> Any:
    """■ 紧急, ▲ 警示, ○ 提示."""
    severity = Severity(alert.severity)
    return mark(severity.label, _TONES[severity])


def alert_clock(alert: Alert) -> Any:
    """What is left to take it on; who took it on; when it was closed."""
    if alert.state == State.CLOSED:
        return f"{time_words(alert.closed_at)} 办结"
    if alert.state == State.ACKNOWLEDGED:
        return f"{alert.acknowledged_by_name} 已签收"
    return due_words(alert.due_at) or quiet("不限时")


def event_words(event: AlertEvent) -> str:
    """What happened, with the reason of a close: `已办结（已补测）`."""
    words = EventType(event.type).label
    reason = event.data.get("reason")
    return f"{words}（{CloseReason(reason).label}）" if reason else words
