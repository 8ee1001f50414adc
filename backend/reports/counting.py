"""The parameters of every count: one place, so that a figure and the walk down to its records agree.

See docs/reports.md.
"""

import datetime as dt
from typing import Any

from backend.core import clock
from backend.core.scope import after
from backend.policies.selectors import value_of
from backend.visits.choices import REACHED


def parameters_of(*, province: str, day: dt.date, as_of: dt.datetime) -> dict[str, Any]:
    """What `sources.py` needs to count `day` in `province` as it was known at `as_of`."""
    day_end = clock.at(day + dt.timedelta(days=1), dt.time())
    sessions = list(value_of("checks.sessions", region_code=province, on=day).value)
    due_by = value_of("checks.due_by", region_code=province, on=day).value
    return {
        "day": day,
        "day_start": clock.at(day, dt.time()),
        "day_end": day_end,
        "as_of": as_of,
        "stock_at": min(as_of, day_end),
        "low": province,
        "high": after(province),
        "sessions": sessions,
        "deadlines": [clock.at(day, dt.time.fromisoformat(due_by[session])) for session in sessions],
        "reached": [outcome.value for outcome in REACHED],
    }
