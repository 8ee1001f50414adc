"""When each level of a day closes: the policy's cut-offs (截止时间) as moments. Duty E1.

Cut-offs are read for the province, so that it closes a level as one; an overlay for a smaller region has no say.
A level never closes before the one below it. Days that no pack speaks about raise `PolicyMissingError`.
"""

import datetime as dt
from dataclasses import dataclass

from backend.core import clock
from backend.policies.selectors import value_of
from backend.regions.choices import LEVEL_OF, LEVELS_UPWARD, Level

PROVINCE_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Closing:
    """The `rank`-th closing of a day, from 0 at the grid cell to 5 at the province."""

    rank: int
    level: Level
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Window:
    """From when a unit's day can be confirmed, by when that is on time, and when its superior has added it up."""

    opens: dt.datetime
    due: dt.datetime
    ends: dt.datetime


def rank_of(code: str) -> int:
    """The place of a region's level counted from the grid cell upward, by the length of its code."""
    return LEVELS_UPWARD.index(LEVEL_OF[len(code)])


def closings(province: str, day: dt.date) -> tuple[Closing, ...]:
    """The six closings of `day` in order."""
    moments: list[Closing] = []
    for rank, level in enumerate(LEVELS_UPWARD):
        at = _moment(f"report.cutoff.{level.value}", province, day)
        moments.append(Closing(rank, level, max([at, *(c.at for c in moments[-1:])])))
    return tuple(moments)


def window_of(code: str, parent_code: str | None, day: dt.date) -> Window:
    """When the unit `code`, child of `parent_code`, can confirm `day`. A province ends with its own cut-off."""
    province = code[:PROVINCE_DIGITS]
    moments = closings(province, day)
    opens = _moment("report.confirm.opens", province, day)
    return Window(opens, moments[rank_of(code)].at, moments[rank_of(parent_code or code)].at)


def _moment(key: str, province: str, day: dt.date) -> dt.datetime:
    value = value_of(key, region_code=province, on=day).value
    return clock.at(day + dt.timedelta(days=value["day_offset"]), dt.time.fromisoformat(value["time"]))
