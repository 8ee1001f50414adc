"""What somebody does with an alert: take it on, close it, reopen it. By the one table of transitions."""

import datetime as dt
import uuid

from django.db import IntegrityError, transaction

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.alerts.choices import EVENT_OF, REASONS_BY_HAND, TRANSITIONS, Act, CloseReason, State
from backend.alerts.models import Alert
from backend.alerts.selectors import NOTE_COLUMN, thresholds_for
from backend.alerts.services.log import events_add
from backend.audit.services import audit_record
from backend.core import clock, keyring
from backend.core.errors import ApiError, ErrorCode

NOTE_LENGTH = 500


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
    """办结 with a reason of `REASONS_BY_HAND`. Again with the same: nothing more happens; with another: `wrong_state`.

    Raises `bad_field` for a reason of the system's own and for a note that is too long.
    """
    if reason not in REASONS_BY_HAND:
        raise ApiError(ErrorCode.BAD_FIELD, field="reason")
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
    events_add(alerts=[alert], kind=EVENT_OF[act], at=clock.now(), actor=actor)
