"""What the tick asks for, in this order: every job of the product, and how often. See docs/tasks.md."""

import datetime as dt
from importlib import import_module

from django.conf import settings
from django.db import connection
from django.utils import timezone

from backend.alerts.services import handovers_overdue_evaluate
from backend.audit.services import audit_seal
from backend.core import clock
from backend.health.services import checks_missed_evaluate, codes_sweep, monitorings_end_due
from backend.ops.jobs import Daily, Job, Repeated
from backend.reports.services import outbox_write, reports_advance, stock_touches_collect
from backend.residents.services import blobs_purge
from backend.returnees.services import returnees_follow, returnees_forget_travel
from backend.visits.services import households_unseen_evaluate

_EACH_TICK = dt.timedelta(seconds=30)
_FIVE_MINUTES = dt.timedelta(minutes=5)
_HOUR = dt.timedelta(hours=1)
#: Months of fact tables are made this far ahead.
_PARTITIONS_AHEAD = dt.timedelta(days=190)


def _partitions() -> None:
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_make_partitions(%s, %s)", [today, today + _PARTITIONS_AHEAD])


def _checks_missed() -> None:
    """Yesterday too: the last session of a day ends with it."""
    today = clock.today()
    for day in (today - dt.timedelta(days=1), today):
        checks_missed_evaluate(day=day)


def _clear_sessions(day: dt.date) -> None:
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


#: A closing counts what the jobs before it brought about; files follow the closings.
DUE: tuple[Job, ...] = (
    Repeated("partitions", _partitions, _HOUR),
    Repeated("returnees_follow", returnees_follow, _EACH_TICK),
    Repeated("monitorings_end", lambda: monitorings_end_due(today=clock.today()), _EACH_TICK),
    Repeated("checks_missed", _checks_missed, _FIVE_MINUTES),
    Repeated("handovers_overdue", handovers_overdue_evaluate, _EACH_TICK),
    Repeated("stock_touches", stock_touches_collect, _EACH_TICK),
    Repeated("reports_advance", reports_advance, _EACH_TICK),
    Repeated("outbox", outbox_write, _EACH_TICK),
    Daily("households_unseen", lambda day: households_unseen_evaluate(day=day), at=dt.time(7, 0)),
    Daily("codes_sweep", lambda day: codes_sweep(day=day)),
    # Audit stamps are real time, so the seal goes by the real day.
    Repeated("audit_seal", lambda: audit_seal(until=clock.business_day(timezone.now())), _HOUR),
    Daily("blobs_purge", lambda day: blobs_purge()),
    Daily("travel_forget", lambda day: returnees_forget_travel(day=day)),
    Daily("sessions_purge", _clear_sessions),
)
