"""Reads about alerts: lists in scope, the event log above a number, policy thresholds."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, F, IntegerField, Value, When

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.alerts.choices import RuleKey, Severity, State
from backend.alerts.models import Alert, AlertEvent
from backend.alerts.rules import Basis, Thresholds
from backend.core import keyring
from backend.core.errors import ApiError, ErrorCode
from backend.core.scope import Scope
from backend.policies.selectors import value_of
from backend.realtime.catalogue import EventBody
from backend.regions.models import Region

NOTE_COLUMN = "alerts_alert.close_note"
_URGENCY = Case(
    *(When(severity=severity, then=Value(rank)) for rank, severity in enumerate(Severity)),
    output_field=IntegerField(),
)
_STAGE = Case(*(When(state=state, then=Value(rank)) for rank, state in enumerate(State)), output_field=IntegerField())
_EVENT_FIELDS = ("seq", "type", "alert_id", "at", "region_code", "actor_name", "data")


def by_urgency() -> tuple[Any, ...]:
    """An order: what nobody has taken on first, the closed last; then by urgency, then by what is left of the clock."""
    return (_STAGE, _URGENCY, F("due_at").asc(nulls_last=True), "id")


def thresholds_for(*, region_code: str, on: dt.date) -> Thresholds:
    """The policy values in force in `region_code` on that day. No query once the process has read its policies."""

    def basis(key: str) -> Basis:
        found = value_of(key, region_code=region_code, on=on)
        return Basis(found.value, found.version, found.basis)

    hours = basis("alert.acknowledge.hours").value
    return Thresholds(
        fever=basis("fever_threshold"),
        symptoms={"visit": basis("symptoms.door"), "check": basis("symptoms.monitoring")},
        unseen_days=basis("household.unseen.days"),
        sessions=basis("checks.sessions"),
        handover_hours=basis("handover.acknowledge.hours"),
        acknowledge_hours=dict(hours) if isinstance(hours, dict) else {},
    )


def alert_visible(*, user: User, alert_id: uuid.UUID, capability: str = Capability.ALERT_VIEW) -> Alert:
    """One alert of the user's regions; missing and foreign look the same (`not_found`)."""
    alert = Alert.objects.visible_to(user, capability).filter(pk=alert_id).first()
    if alert is None:
        raise ApiError(ErrorCode.NOT_FOUND)
    return alert


def alerts_listed(*, user: User, state: State | None, limit: int) -> list[Alert]:
    """Alerts in the user's regions: the unfinished (or those in `state`), the most urgent and longest waiting first;
    closed ones the latest first.
    """
    rows = Alert.objects.visible_to(user, Capability.ALERT_VIEW)
    if state == State.CLOSED:
        return list(rows.filter(state=state).order_by("-closed_at", "id")[:limit])
    rows = rows.filter(state=state) if state else rows.filter(state__in=[State.OPEN, State.ACKNOWLEDGED])
    return list(rows.order_by(_URGENCY, "raised_at", "id")[:limit])


@dataclass(frozen=True)
class AlertPage:
    """Alerts as they stand, and what happened since: `more` events follow after `last_seq`."""

    alerts: list[Alert]
    events: list[EventBody]
    last_seq: int
    more: bool


def alert_page(*, user: User, after: int | None, state: State | None, limit: int) -> AlertPage:
    """One answer of the list. Without `after` there are no events: `last_seq` is where a reader starts listening."""
    # Read first: an event that commits meanwhile is then told again, never left out.
    newest = last_seq()
    events: list[EventBody] = []
    more = False
    if after is not None:
        found = events_after(after, until=newest, scope=user.scope(Capability.ALERT_VIEW), limit=limit + 1)
        events, more = found[:limit], len(found) > limit
    alerts = alerts_listed(user=user, state=state, limit=limit)
    return AlertPage(alerts, events, events[-1].seq if more else newest, more)


def region_labels(codes: Iterable[str]) -> dict[str, str]:
    """Code → its name with the village before a cell's: `甲一村第一网格`. One query; an unknown code is left out."""
    wanted = set(codes)
    parents = {code[:12] for code in wanted if len(code) == 15}
    names = dict(Region.objects.filter(code__in=wanted | parents).values_list("code", "name")) if wanted else {}
    return {
        code: (names.get(code[:12], "") if len(code) == 15 else "") + names[code] for code in wanted if code in names
    }


def last_seq() -> int:
    """The number of the newest committed event; 0 when there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(seq), 0) FROM alerts_alertevent")
        return int(cursor.fetchone()[0])


def events_after(seq: int, *, until: int | None = None, scope: Scope | None = None, limit: int) -> list[EventBody]:
    """Committed events with `seq < number <= until`, in order, at most `limit`; only those in `scope` when given."""
    rows = AlertEvent.objects.filter(seq__gt=seq)
    if until is not None:
        rows = rows.filter(seq__lte=until)
    if scope is not None:
        rows = rows.within(scope)
    return [event_body(row) for row in rows.order_by("seq").values_list(*_EVENT_FIELDS)[:limit]]


def event_body(row: tuple[Any, ...]) -> EventBody:
    """One event, given as the values of `_EVENT_FIELDS`, as clients see it."""
    seq, kind, alert_id, at, region, actor_name, data = row
    return EventBody(
        seq=seq,
        type=kind,
        alert=str(alert_id),
        at=at.isoformat(),
        region=region,
        rule=data["rule"],
        severity=data["severity"],
        title=data["title"],
        place=data["place"],
        due_at=data.get("due_at"),
        by=actor_name or None,
        reason=data.get("reason"),
        other_region=data.get("other_region"),
    )


def events_of(alert_id: uuid.UUID) -> Sequence[AlertEvent]:
    """Everything that happened to one alert, oldest first."""
    return list(AlertEvent.objects.filter(alert_id=alert_id).order_by("id"))


def unfinished_about(
    *, rule: RuleKey, person_ids: Collection[uuid.UUID]
) -> list[tuple[uuid.UUID, uuid.UUID, list[str]]]:
    """`(alert, person, occasions)` of what that rule raised about these people and nobody has closed. One query."""
    rows = Alert.objects.unfinished().filter(rule=rule, person_id__in=person_ids)
    found = rows.values_list("id", "person_id", "occasions")
    return [(alert, person, occasions) for alert, person, occasions in found if person is not None]


def alerts_words(household_ids: Collection[uuid.UUID], person_ids: Collection[uuid.UUID]) -> str:
    """How many alerts that nobody has closed are about these, as a phrase; "" for none. One query."""
    rows = Alert.objects.unfinished()
    count = (rows.filter(household_id__in=household_ids) | rows.filter(person_id__in=person_ids)).count()
    return f"{count} 条未结预警" if count else ""


def close_note_of(alert: Alert) -> str:
    """The note written when the alert was closed, opened; empty when there is none."""
    if alert.close_note_sealed is None:
        return ""
    return keyring.unseal(alert.close_note_sealed, row=alert.pk, column=NOTE_COLUMN)
