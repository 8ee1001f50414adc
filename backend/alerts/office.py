"""An alert in words and marks, for office lists and pages."""

from typing import Any

from backend.alerts.choices import Severity, State
from backend.alerts.models import Alert
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
