"""Starting, ending and handing over monitoring terms (健康监测期). Duties A3, A10."""

import datetime as dt
import uuid

from django.db import connection, transaction

from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.facts.services import cells_touch
from backend.health.choices import MonitoringKind, MonitoringState, Trigger
from backend.health.models import Monitoring
from backend.health.rules import inclusive_term
from backend.health.services.codes import codes_evaluate
from backend.policies.selectors import PolicyMissingError, value_of

#: Rows per transaction of a sweep: a writing transaction must not hold the phones' pull back for long.
SWEEP_CHUNK = 1000

_TERM_KEYS = {MonitoringKind.RETURNEE: "monitoring.returnee.days"}


def monitoring_start(
    *,
    person_id: uuid.UUID,
    region_code: str,
    kind: MonitoringKind,
    start: dt.date,
    source_id: uuid.UUID,
    received_at: dt.datetime,
) -> Monitoring | None:
    """Open a term that begins on `start`, for as many days as the rule in force on that day says, and derive the code.

    A term that is over already is stored as ended: it asks for no checks, and it explains the code. None, and no term,
    where no rule of that day asks for one. The caller has made sure that none is running; the database refuses two.
    """
    try:
        rule = value_of(_TERM_KEYS[kind], region_code=region_code, on=start)
    except PolicyMissingError:
        codes_evaluate(person_ids=[person_id], trigger=Trigger.REGISTRATION)
        return None
    first, last = inclusive_term(start, int(rule.value))
    over = last < clock.business_day(received_at)
    monitoring = Monitoring.objects.create(
        id=new_id(), person_id=person_id, region_code=region_code, kind=kind.value, from_day=first, to_day=last,
        first_day=first, last_day=last,
        state=MonitoringState.ENDED.value if over else MonitoringState.ACTIVE.value,
        registered_at=received_at, ended_at=received_at if over else None, rule_version=rule.version,
        clause=rule.basis, source_id=source_id,
    )  # fmt: skip
    codes_evaluate(person_ids=[person_id], trigger=Trigger.REGISTRATION)
    return monitoring


@transaction.atomic
def monitoring_end(*, monitoring_id: uuid.UUID, last_day: dt.date, received_at: dt.datetime) -> Monitoring:
    """End a running term because the person left on `last_day`; that day's checks are the last that are owed.

    Leaving on or after the term's last day is an ordinary end. Raises WRONG_STATE unless the term is running.
    """
    monitoring = _running(monitoring_id)
    whole = last_day >= monitoring.to_day
    monitoring.state = (MonitoringState.ENDED if whole else MonitoringState.LEFT).value
    monitoring.last_day = monitoring.to_day if whole else last_day
    monitoring.ended_at = received_at
    monitoring.save(update_fields=["state", "last_day", "ended_at"])
    codes_evaluate(person_ids=[monitoring.person_id], trigger=Trigger.MONITORING_END)
    return monitoring


@transaction.atomic
def monitoring_cancel(*, monitoring_id: uuid.UUID, received_at: dt.datetime) -> Monitoring:
    """Withdraw a term that should not have begun as it did. The caller opens the right one, or derives the code anew.

    Raises WRONG_STATE for a term that was withdrawn already.
    """
    monitoring = Monitoring.objects.select_for_update(no_key=True).filter(pk=monitoring_id).first()
    if monitoring is None or monitoring.state == MonitoringState.CANCELLED:
        raise ApiError(ErrorCode.WRONG_STATE)
    monitoring.state = MonitoringState.CANCELLED.value
    monitoring.ended_at = received_at
    monitoring.save(update_fields=["state", "ended_at"])
    return monitoring


def monitoring_resume(*, monitoring_id: uuid.UUID, first_day: dt.date, received_at: dt.datetime) -> Monitoring | None:
    """Go on, from `first_day`, with a term that was cut short by a leaving since taken back, and derive the code.

    The row that ended stays what the days before were counted by; a new one names it. None, and no term, where the term
    was not cut short or its days have run out. The caller has made sure that none is running.
    """
    cut = Monitoring.objects.select_for_update(no_key=True).get(pk=monitoring_id)
    resumed = None
    first_day = max(first_day, cut.last_day + dt.timedelta(days=1))
    if cut.state == MonitoringState.LEFT and cut.to_day >= first_day:
        resumed = Monitoring.objects.create(
            id=new_id(), person_id=cut.person_id, region_code=cut.region_code, kind=cut.kind, from_day=cut.from_day,
            to_day=cut.to_day, first_day=first_day, last_day=cut.to_day,
            state=MonitoringState.ACTIVE.value, registered_at=received_at, rule_version=cut.rule_version,
            clause=cut.clause, source_id=cut.source_id, continues_id=cut.pk,
        )  # fmt: skip
    codes_evaluate(person_ids=[cut.person_id], trigger=Trigger.REGISTRATION)
    return resumed


def _running(monitoring_id: uuid.UUID) -> Monitoring:
    monitoring = Monitoring.objects.select_for_update(no_key=True).filter(pk=monitoring_id).first()
    if monitoring is None or monitoring.state != MonitoringState.ACTIVE:
        raise ApiError(ErrorCode.WRONG_STATE)
    return monitoring


_END_DUE = """
UPDATE health_monitoring SET state = 'ended', ended_at = %(now)s
WHERE id IN (
    SELECT id FROM health_monitoring WHERE state = 'active' AND to_day < %(today)s
    ORDER BY id LIMIT %(chunk)s FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING person_id
"""


def monitorings_end_due(*, today: dt.date) -> int:
    """End every term whose last day lies before `today`, and derive the codes. Returns how many. Idempotent."""
    ended = 0
    while True:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_END_DUE, {"now": clock.now(), "today": today, "chunk": SWEEP_CHUNK})
                people = [row[0] for row in cursor.fetchall()]
            codes_evaluate(person_ids=people, trigger=Trigger.MONITORING_END, day=today)
        ended += len(people)
        if len(people) < SWEEP_CHUNK:
            return ended


# The old row keeps the days before `today`, the new one has today and what remains; the term itself is the same.
_FOLLOW = """
WITH moved AS (
    UPDATE health_monitoring m SET state = 'moved', ended_at = %(now)s, last_day = %(today)s::date - 1
    FROM residents_person p
    WHERE p.id = m.person_id AND m.state = 'active' AND p.region_code <> m.region_code
    RETURNING m.*, p.region_code AS new_code
)
SELECT id, person_id, region_code, new_code, kind, from_day, to_day, rule_version, clause, source_id FROM moved
"""


@transaction.atomic
def monitorings_follow() -> int:
    """Hand running terms over to the cell that is now responsible for the person (移交). Returns how many.

    Moving a household or a person needs no call: the difference of cells is itself the work to be done, and the tick
    does it. Checks of days before today stay owed, and counted, where they were.
    """
    now, today = clock.now(), clock.today()
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, {"now": now, "today": today})
        rows = cursor.fetchall()
    if not rows:
        return 0
    Monitoring.objects.bulk_create(
        Monitoring(
            id=new_id(), person_id=person, region_code=new, kind=kind, from_day=first, to_day=last, first_day=today,
            last_day=last, state=MonitoringState.ACTIVE.value, registered_at=now, rule_version=version, clause=clause,
            source_id=source, continues_id=old_id,
        )
        for old_id, person, _, new, kind, first, last, version, clause, source in rows
    )  # fmt: skip
    cells_touch(touched=[(today, cell) for row in rows for cell in (row[2], row[3])])
    return len(rows)
