"""What must come of the week, worked out beside the server from what the phones made. No query, no service.

The set of records is the phones' own; from the answers it takes only when a record arrived, which decides under which
skew its time was corrected and which cut-offs knew of it.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.core import clock

_REACHED = {"seen_well", "seen_unwell", "refused", "moved_away", "empty", "wrong_address"}
#: A corrected time farther from the receipt than this is doubtful: docs/sync.md, "Time".
_AHEAD, _BEHIND = dt.timedelta(minutes=10), dt.timedelta(days=31)

Figures = dict[str, float]


@dataclass(slots=True)
class Made:
    """One visit that a worker saved. `poison`: it must come back. `arrived_at` is None while no server holds it."""

    id: str
    cell: str
    household: str
    outcome: str
    observed_at: dt.datetime
    fever: int = 0
    symptoms: int = 0
    poison: bool = False
    arrived_at: dt.datetime | None = None
    day: dt.date | None = None
    doubtful: bool = False

    def arrive(self, at: dt.datetime, skew: dt.timedelta) -> None:
        """The server took it in at `at`, with the phone's clock off by `skew` (server − phone)."""
        corrected = self.observed_at + skew
        self.doubtful = corrected > at + _AHEAD or corrected < at - _BEHIND
        self.arrived_at, self.day = at, clock.business_day(at if self.doubtful else corrected)

    def forget(self) -> None:
        """The server was restored from a backup that does not know it."""
        self.arrived_at, self.day, self.doubtful = None, None, False


@dataclass
class WeekTruth:
    """`households` in each cell; every visit by its id."""

    households: dict[str, int]
    made: dict[str, Made] = field(default_factory=dict)

    def forget_since(self, moment: dt.datetime) -> int:
        """A backup of `moment` was restored; how many records the server no longer knows."""
        lost = [record for record in self.made.values() if record.arrived_at and record.arrived_at > moment]
        for record in lost:
            record.forget()
        return len(lost)

    def unit(self, prefix: str, day: dt.date, as_of: dt.datetime) -> tuple[int, int, Figures]:
        """`(expected, reported, figures)` of a region's `day` as known at `as_of`; only cells that reported count."""
        cells = [cell for cell in self.households if cell.startswith(prefix)]
        known: dict[str, list[Made]] = {}
        for record in self._known(day, as_of):
            if record.cell.startswith(prefix):
                known.setdefault(record.cell, []).append(record)
        if not known:
            return len(cells), 0, {}
        sums = dict.fromkeys(("households", "reached", "nobody_home", "fever", "symptoms"), 0.0)
        for cell, records in known.items():
            reached = {record.household for record in records if record.outcome in _REACHED}
            nobody = {record.household for record in records if record.outcome == "nobody_home"}
            sums["households"] += self.households[cell]
            sums["reached"] += len(reached)
            sums["nobody_home"] += len(nobody - reached)
            sums["fever"] += sum(record.fever for record in records)
            sums["symptoms"] += sum(record.symptoms for record in records)
        return len(cells), len(known), sums | {"coverage": round(100 * sums["reached"] / sums["households"], 1)}

    def _known(self, day: dt.date, as_of: dt.datetime) -> Iterable[Made]:
        return (
            record
            for record in self.made.values()
            if record.day == day and not record.doubtful and record.arrived_at and record.arrived_at <= as_of
        )
