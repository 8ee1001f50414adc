"""Cells whose figures changed without a record: a household moved, a term ended, an alert was answered.

See docs/reports.md.

Apps below `facts` cannot mark a cell as touched, so this reads what they changed since the last look and marks it for
them. Rows stamped by transaction are read below `pg_snapshot_xmin` and events up to their last number, so that none is
missed; a change that only time makes (an alert becoming overdue) is read by time.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from backend.core import clock
from backend.reports.models import StockMark

_XMIN = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_SECONDS = "SELECT extract(epoch FROM %(now)s::timestamptz)::bigint"
# A change speaks of days on which phones may still report; an edit of a year-old row is no news for its day.
_RECENT = "interval '31 days'"


@dataclass(frozen=True, slots=True)
class Watch:
    """`upto` gives the position reached now; `pairs` the `(day, cell)` of changes in `[low, high)`."""

    source: str
    upto: str
    pairs: str


WATCHES: tuple[Watch, ...] = (
    Watch("households", _XMIN, """
        SELECT %(today)s::date, t.region_code FROM residents_household h
        JOIN residents_householdtenure t ON t.household_id = h.id
        WHERE h.changed_xid >= %(low)s AND h.changed_xid < %(high)s"""),
    Watch("monitorings", _XMIN, f"""
        SELECT d::date, m.region_code FROM health_monitoring m
        CROSS JOIN generate_series(greatest(m.first_day, %(today)s - {_RECENT}), least(m.to_day, %(today)s::date),
                                   interval '1 day') d
        WHERE m.changed_xid >= %(low)s AND m.changed_xid < %(high)s"""),
    Watch("returnees", _XMIN, f"""
        SELECT d::date, r.region_code FROM returnees_returnee r
        CROSS JOIN generate_series(greatest(r.registered_day, %(today)s - {_RECENT}), %(today)s::date,
                                   interval '1 day') d
        WHERE r.changed_xid >= %(low)s AND r.changed_xid < %(high)s"""),
    Watch("replaced_visits", _XMIN, """
        SELECT o.business_day, o.region_code FROM visits_visit n JOIN visits_visit o ON o.id = n.replaces_id
        WHERE n.replaces_id IS NOT NULL AND n.changed_xid >= %(low)s AND n.changed_xid < %(high)s"""),
    Watch("replaced_checks", _XMIN, """
        SELECT o.business_day, o.region_code FROM health_dailycheck n JOIN health_dailycheck o ON o.id = n.replaces_id
        WHERE n.replaces_id IS NOT NULL AND n.changed_xid >= %(low)s AND n.changed_xid < %(high)s"""),
    Watch("alert_events", "SELECT coalesce(max(seq), 0) + 1 FROM alerts_alertevent", """
        SELECT unnest(ARRAY[a.business_day, (e.at AT TIME ZONE 'Asia/Shanghai')::date]), e.region_code
        FROM alerts_alertevent e JOIN alerts_alert a ON a.id = e.alert_id
        WHERE e.seq >= %(low)s AND e.seq < %(high)s"""),
    Watch("alerts_due", _SECONDS, """
        SELECT %(today)s::date, a.region_code FROM alerts_alert a
        WHERE a.state = 'open' AND a.due_at >= to_timestamp(%(low)s) AND a.due_at < to_timestamp(%(high)s)"""),
)  # fmt: skip

_TOUCH = """
INSERT INTO facts_touchedcell (business_day, region_code, touched_at)
SELECT DISTINCT day, region_code, %(now)s::timestamptz FROM ({pairs}) changed (day, region_code)
WHERE day <= %(today)s ORDER BY day, region_code
ON CONFLICT (business_day, region_code) DO UPDATE SET touched_at = EXCLUDED.touched_at
"""


def stock_touches_collect() -> int:
    """Mark the cells of everything that changed since the last call. Returns how many. One worker at a time.

    The first call only notes where it stands: a day's first count counts everything.
    """
    touched = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('stock_touches'))")
        if not cursor.fetchone()[0]:
            return 0
        now = clock.now()
        marks = dict(StockMark.objects.values_list("source", "position"))
        for watch in WATCHES:
            cursor.execute(watch.upto, {"now": now})
            high = int(cursor.fetchone()[0])
            low = marks.get(watch.source)
            if low == high:
                continue
            # A position above what the database knows now comes from before a restore: begin anew.
            if low is not None and low < high:
                # Where nothing changed the mark stays: an idle system writes nothing, and the window is an index range.
                parameters: dict[str, Any] = {"now": now, "today": clock.business_day(now), "low": low, "high": high}
                cursor.execute(_TOUCH.format(pairs=watch.pairs), parameters)
                if not cursor.rowcount:
                    continue
                touched += cursor.rowcount
            StockMark.objects.update_or_create(source=watch.source, defaults={"position": high})
    return touched
