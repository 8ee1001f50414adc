"""One pass of the roll-up over a province's day: count, sum, store what changed, append revisions.

See docs/reports.md.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from backend.regions.choices import LEVELS_UPWARD
from backend.reports import rollup_sql
from backend.reports.counting import parameters_of
from backend.reports.cutoffs import Closing
from backend.reports.models import Exemption, ReportDay

# A full pass over a province may hash millions of rows; the memory is the pass's alone and goes with its transaction.
_FULL_WORK_MEM = "256MB"


@dataclass(frozen=True, slots=True)
class Pass:
    """What to bring up to date: everything known at `as_of`, with the levels below `levels_closed` closed.

    `closing` is the rank of the level that this pass closes, None for a refresh.
    """

    day: ReportDay
    timeline: tuple[Closing, ...]
    as_of: dt.datetime
    levels_closed: int
    closing: int | None = None


def rollup_run(*, step: Pass) -> int:
    """Run `step` in the caller's transaction, under the caller's lock on the day. Returns how many reports it wrote.

    The pass is full when the day was never counted, when the cells close (figures known only after the day appear, and
    silent cells leave the sums) or when the list of indicators changed; else it follows the touched cells.
    """
    whole_day = step.levels_closed > 0
    counted = ",".join(rollup_sql.counted(whole_day=whole_day))
    full = step.day.as_of is None or step.closing == 0 or step.day.counted != counted
    parameters = _parameters(step)
    with connection.cursor() as cursor:
        cursor.execute(rollup_sql.CLEAR)
        cursor.execute(rollup_sql.CLAIM, parameters)
        seen = cursor.rowcount
        written = 0
        if full or seen or step.closing is not None:
            _count(cursor, step, parameters, full=full, whole_day=whole_day)
            written = _store(cursor, parameters, clear=full and step.day.as_of is not None)
        if seen:
            cursor.execute(rollup_sql.RELEASE, parameters)
    step.day.as_of = step.as_of
    step.day.levels_closed = step.levels_closed
    step.day.counted = counted
    step.day.save(update_fields=["as_of", "levels_closed", "counted"])
    return written


def _parameters(step: Pass) -> dict[str, Any]:
    province, day = step.day.province_code, step.day.business_day
    exempt = list(
        Exemption.objects.filter(from_day__lte=day, to_day__gte=day, granted_at__lte=step.as_of)
        .exclude(revoked_at__lte=step.as_of)
        .values_list("region_code", flat=True)
    )
    exempt = [code for code in exempt if code.startswith(province)]
    return {
        **parameters_of(province=province, day=day, as_of=step.as_of),
        "made_at": timezone.now(),
        "exempt": exempt,
        "has_exempt": bool(exempt),
        "closed": [level.value for level in LEVELS_UPWARD[: step.levels_closed]],
        **{f"cutoff_{closing.level.value}": closing.at for closing in step.timeline},
    }


def _count(cursor: Any, step: Pass, parameters: dict[str, Any], *, full: bool, whole_day: bool) -> None:
    """Fill `rollup_unit`, from the cells to the province."""
    cursor.execute(rollup_sql.CONFIRMED, parameters)
    # Compiling these wide statements takes longer than running them.
    cursor.execute("SELECT set_config('jit', 'off', true)")
    if full:
        cursor.execute("SELECT set_config('work_mem', %s, true)", [_FULL_WORK_MEM])
    else:
        cursor.execute("CREATE TEMP TABLE rollup_scope ON COMMIT DROP AS SELECT region_code FROM rollup_seen")
        cursor.execute("ANALYZE rollup_scope")
    cursor.execute(rollup_sql.leaf(full=full, whole_day=whole_day, closed=step.levels_closed > 0), parameters)
    cursor.execute("ANALYZE rollup_unit (region_code, parent_code)")
    for rank, level in enumerate(LEVELS_UPWARD[1:], start=1):
        closed = rank < step.levels_closed
        if full:
            sql = rollup_sql.upper_full(level.value, whole_day=whole_day, closed=closed)
        else:
            sql = rollup_sql.upper_touched(
                level.value, whole_day=whole_day, closed=closed, closing=step.closing == rank
            )
        cursor.execute(sql, parameters)


def _store(cursor: Any, parameters: dict[str, Any], *, clear: bool) -> int:
    """Write the changed reports and their revisions; `clear`: drop open reports of units that are no more."""
    cursor.execute(rollup_sql.WRITTEN)
    cursor.execute(rollup_sql.write(), parameters)
    written = cursor.rowcount
    if clear:
        cursor.execute(rollup_sql.FORGET, parameters)
    if written and parameters["closed"]:
        cursor.execute("ANALYZE rollup_written (region_code)")
        for sql in rollup_sql.revise():
            cursor.execute(sql, parameters)
    return int(written)
