"""Wire shape of alerts and of what clients ask for. See docs/alerts.md."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from backend.alerts.choices import REASONS_BY_HAND, TRANSITIONS, Act, CloseReason, EventType, RuleKey, Severity, State
from backend.alerts.models import Alert
from backend.core.body import StrictSerializer, Text
from backend.core.errors import ApiError, ErrorCode
from backend.core.scope import Scope

MAX_PAGE = 500
DEFAULT_PAGE = 200
_MAX_SEQ = 2**63 - 1


def alert_body(alert: Alert, *, labels: Mapping[str, str], handles: Scope) -> dict[str, Any]:
    """ALERT: one alert as clients see it. Optional fields are left out when there is nothing to say.

    `labels` maps region codes to names; `handles` is where the reader may act.
    """
    body: dict[str, Any] = {
        "id": str(alert.id),
        "rule": alert.rule,
        "severity": alert.severity,
        "state": alert.state,
        "region": alert.region_code,
        "region_name": labels.get(alert.region_code, alert.region_code),
        "place": alert.place,
        "title": alert.title,
        "raised_at": alert.raised_at.isoformat(),
        "why": {"text": alert.why, "rule": alert.rule, "version": alert.rule_version, "clause": alert.clause},
        "capabilities": _acts(alert) if handles.covers(alert.region_code) else [],
    }
    optional = {
        "household": str(alert.household_id) if alert.household_id else None,
        "person": str(alert.person_id) if alert.person_id else None,
        "due_at": alert.due_at.isoformat() if alert.due_at else None,
        "acknowledged_at": alert.acknowledged_at.isoformat() if alert.acknowledged_at else None,
        "acknowledged_by": alert.acknowledged_by_name or None,
        "closed_at": alert.closed_at.isoformat() if alert.closed_at else None,
        "close_reason": alert.close_reason or None,
    }
    return body | {key: value for key, value in optional.items() if value is not None}


def _acts(alert: Alert) -> list[str]:
    """What changes the alert from the state it is in."""
    state = State(alert.state)
    return [act.value for act in Act if TRANSITIONS.get((state, act), state) != state]


def whole_number(text: str | None, *, field: str, lowest: int, highest: int, default: int | None) -> int | None:
    """A query parameter that counts; `default` when it is absent or empty. Raises `bad_field`."""
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or not lowest <= int(text) <= highest:
        raise ApiError(ErrorCode.BAD_FIELD, field=field)
    return int(text)


def list_request(query: Mapping[str, str]) -> tuple[int | None, State | None, int]:
    """`(after, state, limit)` of the list. Raises `bad_field`."""
    after = whole_number(query.get("after"), field="after", lowest=0, highest=_MAX_SEQ, default=None)
    limit = whole_number(query.get("limit"), field="limit", lowest=1, highest=MAX_PAGE, default=DEFAULT_PAGE)
    state = query.get("state") or None
    if state is not None and state not in State.values:
        raise ApiError(ErrorCode.BAD_FIELD, field="state")
    return after, State(state) if state else None, limit or DEFAULT_PAGE


class WhySchema(serializers.Serializer[Any]):
    """Why an alert was raised."""

    text = serializers.CharField()
    rule = serializers.ChoiceField(choices=RuleKey.choices)
    version = serializers.CharField()
    clause = serializers.CharField()


class AlertSchema(serializers.Serializer[Any]):
    """ALERT, for the published schema."""

    id = serializers.UUIDField()
    rule = serializers.ChoiceField(choices=RuleKey.choices)
    severity = serializers.ChoiceField(choices=Severity.choices)
    state = serializers.ChoiceField(choices=State.choices)
    region = serializers.CharField()
    region_name = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    title = serializers.CharField()
    household = serializers.UUIDField(required=False)
    person = serializers.UUIDField(required=False)
    raised_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(required=False)
    acknowledged_at = serializers.DateTimeField(required=False)
    acknowledged_by = serializers.CharField(required=False)
    closed_at = serializers.DateTimeField(required=False)
    close_reason = serializers.ChoiceField(choices=CloseReason.choices, required=False)
    why = WhySchema()
    capabilities = serializers.ListField(child=serializers.ChoiceField(choices=Act.choices))


class EventSchema(serializers.Serializer[Any]):
    """EVENT, for the published schema; `backend.realtime.catalogue.EventBody` is its definition."""

    seq = serializers.IntegerField()
    type = serializers.ChoiceField(choices=EventType.choices)
    alert = serializers.UUIDField()
    at = serializers.DateTimeField()
    region = serializers.CharField()
    rule = serializers.CharField()
    severity = serializers.ChoiceField(choices=Severity.choices)
    title = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    due_at = serializers.DateTimeField(required=False)
    by = serializers.CharField(required=False)
    reason = serializers.ChoiceField(choices=CloseReason.choices, required=False)
    other_region = serializers.CharField(required=False)


class AlertListSchema(serializers.Serializer[Any]):
    """Answer of the list, for the published schema."""

    alerts = AlertSchema(many=True)
    events = EventSchema(many=True)
    last_seq = serializers.IntegerField()
    more = serializers.BooleanField()


class CloseShape(StrictSerializer):
    """Why an alert is closed, and what was done."""

    reason = serializers.ChoiceField(choices=[(reason.value, reason.label) for reason in REASONS_BY_HAND])
    note = Text(required=False, default="", max_length=500, allow_blank=True)


class ErrorSchema(serializers.Serializer[Any]):
    """The one error shape, for the published schema."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False)
    detail = serializers.DictField(required=False)
