"""Enumerations of alerts and the one table of their transitions. See docs/alerts.md."""

from django.db import models


class RuleKey(models.TextChoices):
    """The rule that raised an alert (预警规则)."""

    FEVER = "fever", "发热"
    SYMPTOMS = "symptoms", "有症状"
    CHECK_MISSED = "check_missed", "健康监测未报"
    HOUSEHOLD_UNSEEN = "household_unseen", "住户多日未见"
    HANDOVER_OVERDUE = "handover_overdue", "移交超时未签收"


class Severity(models.TextChoices):
    """How soon somebody must act (紧急程度)."""

    URGENT = "urgent", "紧急"
    WARNING = "warning", "警示"
    NOTICE = "notice", "提示"


class State(models.TextChoices):
    """Where an alert stands (处置状态)."""

    OPEN = "open", "待处置"
    ACKNOWLEDGED = "acknowledged", "已签收"
    CLOSED = "closed", "已办结"


class EventType(models.TextChoices):
    """What happened to an alert (预警动态)."""

    RAISED = "raised", "新预警"
    ACKNOWLEDGED = "acknowledged", "已签收"
    CLOSED = "closed", "已办结"
    REOPENED = "reopened", "重新打开"
    MOVED_OUT = "moved_out", "移交其他网格"
    MOVED_IN = "moved_in", "由其他网格移交"


class CloseReason(models.TextChoices):
    """Why an alert was closed (办结原因)."""

    HANDLED = "handled", "已处置"
    FALSE_ALARM = "false_alarm", "误报"
    TRANSFERRED = "transferred", "已移交"
    DUPLICATE = "duplicate", "重复"
    OTHER = "other", "其他"
    ANSWERED = "answered", "已补测"
    SETTLED = "settled", "移交已答复"


#: What a person may give as the reason; the others are the system's.
REASONS_BY_HAND = tuple(reason for reason in CloseReason if reason not in (CloseReason.ANSWERED, CloseReason.SETTLED))


class Act(models.TextChoices):
    """What somebody can do with an alert (处置动作)."""

    ACKNOWLEDGE = "acknowledge", "签收"
    CLOSE = "close", "办结"
    REOPEN = "reopen", "重新打开"


#: `(state, act) → state`. A pair that is not here is refused (`wrong_state`); a pair that leads to the state it starts
#: from is "already done": it succeeds and writes nothing.
TRANSITIONS: dict[tuple[State, Act], State] = {
    (State.OPEN, Act.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Act.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.OPEN, Act.CLOSE): State.CLOSED,
    (State.ACKNOWLEDGED, Act.CLOSE): State.CLOSED,
    (State.CLOSED, Act.CLOSE): State.CLOSED,
    (State.CLOSED, Act.REOPEN): State.OPEN,
    (State.OPEN, Act.REOPEN): State.OPEN,
}
#: The event that a transition writes.
EVENT_OF = {
    Act.ACKNOWLEDGE: EventType.ACKNOWLEDGED,
    Act.CLOSE: EventType.CLOSED,
    Act.REOPEN: EventType.REOPENED,
}
