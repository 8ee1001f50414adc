"""Alerts that follow what happened elsewhere: a late check answers one, a move takes them along to another cell."""

import uuid
from collections.abc import Collection

from django.db import transaction

from backend.alerts.choices import CloseReason, EventType, State
from backend.alerts.models import Alert
from backend.alerts.services.log import events_add
from backend.core import clock
from backend.residents.listeners import Move
from backend.residents.selectors import people_by_id


def alerts_answer(*, alert_ids: Collection[uuid.UUID], reason: CloseReason = CloseReason.ANSWERED) -> list[Alert]:
    """Close those of these alerts that are not closed: what they missed was made good (`answered`, 已补测).

    Nobody closes them: the event names the system, and the fact has its own entry in the audit. Runs in the transaction
    of the fact.
    """
    if not alert_ids:
        return []
    now = clock.now()
    with transaction.atomic(savepoint=False):
        alerts = list(
            Alert.objects.unfinished().filter(pk__in=alert_ids).select_for_update(no_key=True).order_by("concern")
        )
        if not alerts:
            return []
        for alert in alerts:
            alert.state, alert.closed_at = State.CLOSED.value, now
            alert.close_reason = reason.value
        Alert.objects.bulk_update(alerts, ["state", "closed_at", "close_reason"])
        events_add(alerts=alerts, kind=EventType.CLOSED, at=now, actor=None)
    return alerts


def alerts_move(move: Move) -> list[Alert]:
    """Take the unfinished alerts about moved households and people along to their new cell, in the move's transaction.

    Two events each, so that both sides learn of it: `moved_out` in the cell that had it, `moved_in` in the one that has
    it now; each names the other cell. State and time limit stay as they are. Closed alerts stay where they were closed.
    """
    rows = Alert.objects.unfinished().filter(region_code=move.from_region)
    about = rows.filter(household_id__in=move.household_ids) | rows.filter(person_id__in=move.person_ids)
    alerts = list(about.select_for_update(no_key=True).order_by("concern"))
    if not alerts:
        return []
    now = clock.now()
    people = people_by_id({alert.person_id for alert in alerts if alert.person_id in move.person_ids})
    for alert in alerts:
        alert.region_code, alert.moved_at = move.to_region, now
        if alert.person_id and (person := people.get(alert.person_id)) is not None:
            # Where to find the person, who may have moved without the household.
            alert.place, alert.household_id = person.place[:160], person.household_id
    Alert.objects.bulk_update(alerts, ["region_code", "moved_at", "place", "household_id"])
    events_add(
        alerts=alerts, kind=EventType.MOVED_OUT, at=now, actor=move.actor, region_code=move.from_region,
        more={"other_region": move.to_region},
    )  # fmt: skip
    events_add(
        alerts=alerts, kind=EventType.MOVED_IN, at=now, actor=move.actor, more={"other_region": move.from_region}
    )
    return alerts
