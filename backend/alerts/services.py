"""The only writer of alerts. See docs/alerts.md.

Every service runs inside a transaction and announces itself once that commits: the ring is a hint, the event row is
the record.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable

from django.db import IntegrityError, connection, transaction

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.alerts.choices import EVENT_OF, TRANSITIONS, Act, CloseReason, EventType, State
from backend.alerts.models import Alert, AlertEvent
from backend.alerts.rules import Finding, Thresholds, judge
from backend.alerts.selectors import NOTE_COLUMN, thresholds_for
from backend.audit.services import audit_record
from backend.core import clock, keyring
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.realtime.services import ring_on_commit

NOTE_LENGTH = 500

# One statement for a whole batch. Evidence seen before is skipped whether its alert is still open or was closed; other
# evidence of a concern that is still open joins that alert; the rest are new alerts.
_RAISE = """
INSERT INTO alerts_alert (id, rule, severity, state, region_code, concern, occasions, title, place, household_id,
    person_id, business_day, raised_at, due_at, acknowledged_by_name, closed_by_name, close_reason, why, rule_version,
    clause)
SELECT g.id, g.rule, g.severity, 'open', g.region_code, g.concern, g.occasions, g.title, g.place, g.household_id,
    g.person_id, g.business_day, g.raised_at, g.due_at, '', '', '', g.why, g.rule_version, g.clause
FROM jsonb_to_recordset(%s::jsonb) AS g(id uuid, rule text, severity text, region_code text, concern text,
    occasions varchar[], title text, place text, household_id uuid, person_id uuid, business_day date,
    raised_at timestamptz, due_at timestamptz, why text, rule_version text, clause text)
WHERE NOT EXISTS (
    SELECT 1 FROM alerts_alert a WHERE a.concern = g.concern AND a.occasions @> g.occasions)
ORDER BY g.concern
ON CONFLICT (concern) WHERE NOT (state = 'closed') DO UPDATE SET occasions = ARRAY(
    SELECT DISTINCT unnest(alerts_alert.occasions || EXCLUDED.occasions))
RETURNING id
"""


def alerts_evaluate(*, findings: Iterable[Finding], author: User | None = None) -> list[Alert]:
    """Judge `findings` by the rules in force and raise what is new; returns the alerts raised.

    Runs in the caller's transaction: the alert commits with the fact. Nothing to say costs no query; a batch with
    concerns costs two statements whatever its size.
    """
    thresholds: dict[tuple[str, dt.date], Thresholds] = {}
    drafts: dict[str, Alert] = {}
    now = clock.now()
    for finding in findings:
        place = (finding.region_code, finding.business_day)
        if place not in thresholds:
            thresholds[place] = thresholds_for(region_code=finding.region_code, on=finding.business_day)
        concern = judge(finding, thresholds[place])
        if concern is None:
            continue
        if (known := drafts.get(concern.key)) is not None:
            known.occasions.append(concern.occasion)
            continue
        hours = thresholds[place].acknowledge_hours.get(concern.severity)
        drafts[concern.key] = Alert(
            id=new_id(),
            rule=concern.rule.value,
            severity=concern.severity.value,
            state=State.OPEN.value,
            region_code=finding.region_code,
            concern=concern.key,
            occasions=[concern.occasion],
            title=concern.title,
            place=finding.place[:160],
            household_id=finding.household_id,
            person_id=finding.person_id,
            business_day=finding.business_day,
            raised_at=now,
            due_at=now + dt.timedelta(hours=hours) if hours else None,
            why=concern.why,
            rule_version=concern.basis.version,
            clause=concern.basis.clause,
        )
    if not drafts:
        return []
    with transaction.atomic(savepoint=False):
        raised = _insert(list(drafts.values()))
        if raised:
            _log(raised, EventType.RAISED, at=now, actor=author)
    return raised


def _insert(drafts: list[Alert]) -> list[Alert]:
    rows = [
        {
            "id": str(alert.id),
            "rule": alert.rule,
            "severity": alert.severity,
            "region_code": alert.region_code,
            "concern": alert.concern,
            "occasions": alert.occasions,
            "title": alert.title,
            "place": alert.place,
            "household_id": str(alert.household_id) if alert.household_id else None,
            "person_id": str(alert.person_id) if alert.person_id else None,
            "business_day": alert.business_day.isoformat(),
            "raised_at": alert.raised_at.isoformat(),
            "due_at": alert.due_at.isoformat() if alert.due_at else None,
            "why": alert.why,
            "rule_version": alert.rule_version,
            "clause": alert.clause,
        }
        for alert in drafts
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [json.dumps(rows)])
        written = {row[0] for row in cursor.fetchall()}
    return [alert for alert in drafts if alert.id in written]


def _log(alerts: list[Alert], kind: EventType, *, at: dt.datetime, actor: User | None) -> None:
    """Add an event to each alert's log, and ring once the transaction commits."""
    AlertEvent.objects.bulk_create(
        AlertEvent(
            alert=alert,
            type=kind.value,
            region_code=alert.region_code,
            at=at,
            actor_id=actor.pk if actor else None,
            actor_name=str(actor) if actor else "",
            data={
                "rule": alert.rule,
                "severity": alert.severity,
                "title": alert.title,
                "place": alert.place,
                **({"due_at": alert.due_at.isoformat()} if alert.due_at else {}),
            },
        )
        for alert in alerts
    )
    ring_on_commit()


def alert_acknowledge(*, actor: User, alert_id: uuid.UUID) -> Alert:
    """签收: `actor` takes the alert on. Again by anybody: nothing more happens."""
    with transaction.atomic():
        alert, moved = _move(actor, alert_id, Act.ACKNOWLEDGE)
        if moved:
            alert.acknowledged_at = clock.now()
            alert.acknowledged_by_id, alert.acknowledged_by_name = actor.pk, str(actor)
            _save(alert, Act.ACKNOWLEDGE, actor, ["acknowledged_at", "acknowledged_by_id", "acknowledged_by_name"])
    return alert


def alert_close(*, actor: User, alert_id: uuid.UUID, reason: CloseReason, note: str = "") -> Alert:
    """办结 with a reason. Again with the same reason: nothing more happens; with another: `wrong_state`."""
    if len(note) > NOTE_LENGTH:
        raise ApiError(ErrorCode.BAD_FIELD, field="note")
    with transaction.atomic():
        alert, moved = _move(actor, alert_id, Act.CLOSE)
        if not moved and alert.close_reason != reason.value:
            raise ApiError(ErrorCode.WRONG_STATE, detail={"state": alert.state, "close_reason": alert.close_reason})
        if moved:
            alert.closed_at = clock.now()
            alert.closed_by_id, alert.closed_by_name = actor.pk, str(actor)
            alert.close_reason = reason.value
            alert.close_note_sealed = keyring.seal(note, row=alert.pk, column=NOTE_COLUMN) if note else None
            fields = ["closed_at", "closed_by_id", "closed_by_name", "close_reason", "close_note_sealed"]
            _save(alert, Act.CLOSE, actor, fields)
    return alert


def alert_reopen(*, actor: User, alert_id: uuid.UUID) -> Alert:
    """重新打开 a closed alert, with a new time limit. Refused (`wrong_state`) when its concern has an open alert."""
    with transaction.atomic():
        alert, moved = _move(actor, alert_id, Act.REOPEN)
        if moved:
            now = clock.now()
            policy = thresholds_for(region_code=alert.region_code, on=clock.business_day(now))
            hours = policy.acknowledge_hours.get(alert.severity)
            alert.due_at = now + dt.timedelta(hours=hours) if hours else None
            alert.acknowledged_at = alert.acknowledged_by_id = None
            alert.closed_at = alert.closed_by_id = alert.close_note_sealed = None
            alert.acknowledged_by_name = alert.closed_by_name = alert.close_reason = ""
            fields = ["due_at", "acknowledged_at", "acknowledged_by_id", "acknowledged_by_name", "closed_at",
                      "closed_by_id", "closed_by_name", "close_reason", "close_note_sealed"]  # fmt: skip
            try:
                with transaction.atomic():
                    _save(alert, Act.REOPEN, actor, fields)
            except IntegrityError as error:
                raise ApiError(ErrorCode.WRONG_STATE, detail={"reason": "same_concern_open"}) from error
    return alert


def _move(actor: User, alert_id: uuid.UUID, act: Act) -> tuple[Alert, bool]:
    """The alert, locked and in its new state, and whether that differs from the one it was in."""
    rows = Alert.objects.visible_to(actor, Capability.ALERT_HANDLE).select_for_update(no_key=True)
    alert = rows.filter(pk=alert_id).first()
    if alert is None:
        raise ApiError(ErrorCode.NOT_FOUND)
    before = State(alert.state)
    after = TRANSITIONS.get((before, act))
    if after is None:
        raise ApiError(ErrorCode.WRONG_STATE, detail={"state": before.value})
    alert.state = after.value
    return alert, after != before


def _save(alert: Alert, act: Act, actor: User, fields: list[str]) -> None:
    alert.save(update_fields=["state", *fields])
    audit_record(
        actor=actor,
        action=f"alert.{act.value}",
        target_kind="alert",
        target_id=alert.pk,
        region=alert.region_code,
        detail={"state": alert.state, **({"reason": alert.close_reason} if alert.close_reason else {})},
    )
    _log([alert], EVENT_OF[act], at=clock.now(), actor=actor)
