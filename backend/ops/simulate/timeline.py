"""When things happen on the simulated day: hours of work, a sweep, the six cut-offs and what comes between them."""

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum

from backend.core import clock
from backend.regions.choices import Level
from backend.reports.cutoffs import closings


class Hour(IntEnum):
    """The moments at which phones may have network."""

    MORNING = 0
    AFTERNOON = 1
    EVENING = 2
    DAWN = 3
    LATE = 4
    VERY_LATE = 5


#: Hours at which workers walk and write; later ones only upload what lies on phones.
WORKING = (Hour.MORNING, Hour.AFTERNOON, Hour.EVENING)
_AT = {
    Hour.MORNING: (0, dt.time(9)), Hour.AFTERNOON: (0, dt.time(14)), Hour.EVENING: (0, dt.time(19, 30)),
    Hour.DAWN: (1, dt.time(6, 50)), Hour.LATE: (1, dt.time(7, 15)), Hour.VERY_LATE: (1, dt.time(12, 30)),
}  # fmt: skip
#: After the deadline of the evening's checks.
_SWEEP = dt.time(21, 30)
#: A level closes a few seconds after its cut-off.
_JUST_AFTER = dt.timedelta(seconds=8)


class DayClock:
    """Business time for the phones, which cannot ask the server what time it is."""

    def __init__(self) -> None:
        self.offset = dt.timedelta(0)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.offset

    def set(self, moment: dt.datetime) -> None:
        """From now on it is `moment`."""
        self.offset = moment - dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Step:
    """One stop of the clock: an hour with network, the sweep for missed checks, the close of `level` as of `as_of`."""

    at: dt.datetime
    title: str
    hour: Hour | None = None
    level: Level | None = None
    as_of: dt.datetime | None = None


_TITLES = {
    Hour.MORNING: "上午走访", Hour.AFTERNOON: "下午走访", Hour.EVENING: "晚间监测", Hour.DAWN: "清晨补传",
    Hour.LATE: "截止后补传", Hour.VERY_LATE: "午后补传（更正）",
}  # fmt: skip


def hour_at(hour: Hour, day: dt.date) -> dt.datetime:
    """When `hour` of the simulated `day` begins."""
    days, time = _AT[hour]
    return clock.at(day + dt.timedelta(days=days), time)


def steps(*, province: str, day: dt.date) -> list[Step]:
    """The whole day in order of time, with the cut-offs that the policy sets."""
    found = [Step(hour_at(hour, day), _TITLES[hour], hour=hour) for hour in Hour]
    found.append(Step(clock.at(day, _SWEEP), "晚间监测逾期检查"))
    for closing in closings(province, day):
        title = f"{closing.level.label}截止"
        found.append(Step(closing.at + _JUST_AFTER, title, level=closing.level, as_of=closing.at))
    return sorted(found, key=lambda step: step.at)
