"""The event log of alerts (预警动态): what reaches a socket. Every other service writes it through here, and last."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from backend.accounts.models import User
from backend.alerts.choices import EventType
from backend.alerts.models import Alert, AlertEvent
from backend.realtime.services import ring_on_commit


def events_add(
    *,
    alerts: Sequence[Alert],
    kind: EventType,
    at: dt.datetime,
    actor: User | None,
    region_code: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Add an event to each alert's log, and ring once the transaction commits.

    The event belongs to the alert's cell unless `region_code` names another; `more` joins its payload.
    """
    AlertEvent.objects.bulk_create(
        AlertEvent(
            alert=alert,
            type=kind.value,
            region_code=region_code or alert.region_code,
            at=at,
            actor_id=actor.pk if actor else None,
            actor_name=str(actor) if actor else "",
            data={
                "rule": alert.rule,
                "severity": alert.severity,
                "title": alert.title,
                "place": alert.place,
                **({"due_at": alert.due_at.isoformat()} if alert.due_at else {}),
                **({"reason": alert.close_reason} if alert.close_reason else {}),
                **(more or {}),
            },
        )
        for alert in alerts
    )
    ring_on_commit()
