"""Moving a province's day forward: its closings in order, then what came since. See docs/reports.md.

Every step is one transaction under an advisory lock on the day, and `ReportDay` says what is done, so any number of
workers may try at once, and one that dies leaves a state from which the next tick goes on.
"""

import datetime as dt
import logging
import time
from collections.abc import Iterable, Iterator

from django.db import connection, transaction

from backend.core import clock
from backend.core.scope import after
from backend.facts.models import TouchedCell
from backend.regions.choices import LEVELS_UPWARD, Level
from backend.reports.cutoffs import PROVINCE_DIGITS, closings
from backend.reports.models import ReportDay
from backend.reports.services.rollup import Pass, rollup_run

logger = logging.getLogger(__name__)

#: A record stamped before a cut-off may commit a moment after it: the close waits for it, but not for ever.
GRACE = dt.timedelta(seconds=5)
PATIENCE = dt.timedelta(minutes=2)
ALL_CLOSED = len(LEVELS_UPWARD)


def day_advance(*, province: str, day: dt.date, wait: bool = False) -> bool:
    """Bring `day` of `province` up to now: due closings in order, each exactly as of its cut-off, then later records.

    Returns False when another worker holds the day (`wait` waits for it instead). Idempotent.
    """
    while True:
        with transaction.atomic():
            if not _lock(province, day, wait=wait):
                return False
            if not _step(province, day):
                return True


def _lock(province: str, day: dt.date, *, wait: bool) -> bool:
    with connection.cursor() as cursor:
        function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
        cursor.execute(f"SELECT {function}(hashtext('report_day'), hashtext(%s))", [f"{province} {day:%Y%m%d}"])
        return wait or bool(cursor.fetchone()[0])


def _step(province: str, day: dt.date) -> bool:
    """The next closing if it is due, else a refresh. True when there may be more to do."""
    now = clock.now()
    timeline = closings(province, day)
    row, _ = ReportDay.objects.get_or_create(province_code=province, business_day=day)
    if row.levels_closed < ALL_CLOSED and now >= timeline[row.levels_closed].at:
        closing = timeline[row.levels_closed]
        if now < closing.at + GRACE or (now < closing.at + PATIENCE and _writers_since_before(now - closing.at)):
            # Until it may close, the day stands still just short of nothing: records up to the cut-off are shown.
            _refresh(row, closing.at)
            return False
        step = Pass(row, timeline, closing.at, row.levels_closed + 1, closing=closing.rank)
        written = rollup_run(step=step)
        logger.info("closed %s of %s %s: %s reports", closing.level.value, province, day, written)
        return True
    _refresh(row, now)
    return False


def _refresh(row: ReportDay, until: dt.datetime) -> None:
    """Count what was touched, as of `until`; time never runs backwards for a day."""
    as_of = max(until, row.as_of) if row.as_of else until
    rollup_run(step=Pass(row, closings(row.province_code, row.business_day), as_of, row.levels_closed))


def _writers_since_before(elapsed: dt.timedelta) -> bool:
    """Whether a transaction that began before the cut-off, `elapsed` ago, is still writing to this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_xid IS NOT NULL AND xact_start < clock_timestamp() - make_interval(secs => %s))",
            [elapsed.total_seconds()],
        )
        return bool(cursor.fetchone()[0])


def active_provinces() -> list[str]:
    """The provinces in which there is at least one grid cell."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.code FROM regions_region p WHERE p.level = %s AND NOT p.placeholder AND EXISTS ("
            "SELECT FROM regions_region c WHERE c.level = %s AND c.code >= p.code AND c.code < p.code || ':' "
            "AND NOT c.placeholder) ORDER BY p.code",
            [Level.PROVINCE.value, Level.GRID.value],
        )
        return [code for (code,) in cursor.fetchall()]


def days_due(*, province: str) -> Iterator[dt.date]:
    """The days of `province` that are not finished, oldest first: open, touched, and every day since the last.

    Days lost in an outage are the gap between the last day on record and today.
    """
    today = clock.today()
    days = ReportDay.objects.filter(province_code=province)
    found = set(days.filter(levels_closed__lt=ALL_CLOSED).values_list("business_day", flat=True))
    found |= set(_touched_days(province))
    last = days.order_by("-business_day").values_list("business_day", flat=True).first()
    found.add(today)
    gap = (last + dt.timedelta(days=1)) if last else today
    while gap < today:
        found.add(gap)
        gap += dt.timedelta(days=1)
    yield from sorted(found)


def _touched_days(province: str) -> list[dt.date]:
    cells = TouchedCell.objects.filter(region_code__gte=province, region_code__lt=after(province))
    return list(cells.values_list("business_day", flat=True).distinct())


def reports_advance(*, budget_seconds: float = 45.0) -> int:
    """Everything that is due in every province, oldest day first: the tick's share. Returns the days looked at.

    Stops after `budget_seconds`; the next call goes on where this one stopped. A day that fails does not stop the
    others; its error is raised when they are done.
    """
    deadline = time.monotonic() + budget_seconds
    due = ((province, day) for province in active_provinces() for day in days_due(province=province))
    return _advance_each(pair for pair in due if time.monotonic() < deadline)


def touched_refresh() -> int:
    """The days in which records arrived since they were last counted: the fast sweep. Returns the days looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT left(region_code, %s), business_day FROM facts_touchedcell ORDER BY 1, 2",
            [PROVINCE_DIGITS],
        )
        pairs = cursor.fetchall()
    active = set(active_provinces()) if pairs else set()
    return _advance_each(pair for pair in pairs if pair[0] in active)


def _advance_each(pairs: Iterable[tuple[str, dt.date]]) -> int:
    looked_at, failure = 0, None
    for province, day in pairs:
        looked_at += 1
        try:
            day_advance(province=province, day=day)
        except Exception as error:  # noqa: BLE001 - one broken day must not hold up a province's others
            logger.error("day %s of %s not advanced: %s", day, province, type(error).__name__)
            failure = error
    if failure is not None:
        raise failure
    return looked_at
