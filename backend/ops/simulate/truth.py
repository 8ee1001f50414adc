"""What must come of the day, worked out beside the server from what the phones did. No query, no service.

Times are business time. A fact is known from the moment of the upload that brought it; figures are asked for as of a
moment, as the reports are.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.core import clock

SESSIONS = ("morning", "evening")
_REACHED = {"seen_well", "seen_unwell", "refused", "moved_away", "empty", "wrong_address"}
#: Indicators that contradict a zero report.
EVENTS = ("new_returnees", "fever", "symptoms", "alerts_raised")

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Fact:
    """One accepted record of the day. `subject` is the household or the person; `doubtful` ones count nowhere."""

    kind: str
    cell: str
    subject: uuid.UUID
    received_at: dt.datetime
    outcome: str = ""
    session: str = ""
    fever: int = 0
    symptoms: int = 0
    doubtful: bool = False


@dataclass(slots=True)
class Concern:
    """One alert that must exist, and what was done about it."""

    rule: str
    cell: str
    place: str
    subject: uuid.UUID
    raised_at: dt.datetime
    hours: float
    #: The record that raised it; empty for a check that nobody made.
    item: str = ""
    acknowledged_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What an alert's event tells of it."""
        return self.rule, self.cell, self.place


@dataclass
class Truth:
    """The day as it is. `hours`: how long an alert of a rule may wait, by the policy."""

    day: dt.date
    households: dict[str, int]
    hours: dict[str, float]
    facts: list[Fact] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)
    _by_cell: dict[str, list[Fact]] = field(default_factory=dict)

    def add(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._by_cell.setdefault(fact.cell, []).append(fact)

    def concern(self, concern: Concern) -> None:
        """Something gives concern: one alert, unless the same concern is open."""
        for known in self.concerns:
            if known.rule == concern.rule and known.subject == concern.subject and known.closed_at is None:
                return
        self.concerns.append(concern)

    def missed(self, session: str, places: dict[uuid.UUID, str], at: dt.datetime) -> None:
        """The deadline of `session` has passed: whoever is known and was not reached gives concern."""
        for fact in list(self.facts):
            if fact.kind == "returnee" and session not in self._sessions_done(fact, at):
                rule = "check_missed"
                self.concern(Concern(rule, fact.cell, places[fact.subject], fact.subject, at, self.hours[rule]))

    def unit(self, prefix: str, as_of: dt.datetime) -> tuple[int, int, str, Figures]:
        """`(expected, reported, value, figures)` of a region; only cells that reported count."""
        cells = [cell for cell in self.households if cell.startswith(prefix)]
        live = [cell for cell in cells if self._evidence(cell, as_of)]
        if not live:
            return len(cells), 0, "missing", {}
        sums: Figures = {}
        for cell in live:
            for key, value in self._cell(cell, as_of).items():
                sums[key] = sums.get(key, 0) + value
        sums["coverage"] = round(100 * sums["reached"] / sums["households"], 1)
        return len(cells), len(live), "n" if any(sums[key] for key in EVENTS) else "zero", sums

    def _known(self, cell: str, as_of: dt.datetime) -> Iterable[Fact]:
        return (f for f in self._by_cell.get(cell, ()) if f.received_at <= as_of and not f.doubtful)

    def _evidence(self, cell: str, as_of: dt.datetime) -> bool:
        return any(fact.kind != "household" for fact in self._known(cell, as_of))

    def _cell(self, cell: str, as_of: dt.datetime) -> Figures:
        day_end = clock.at(self.day + dt.timedelta(days=1), dt.time())
        stock_at = min(as_of, day_end)
        known = list(self._known(cell, as_of))
        visits = [f for f in known if f.kind == "visit"]
        checks = [f for f in known if f.kind == "check"]
        people = [f for f in known if f.kind == "returnee"]
        reached = {f.subject for f in visits if f.outcome in _REACHED}
        nobody = {f.subject for f in visits if f.outcome == "nobody_home"} - reached
        done = {(f.subject, f.session) for f in checks}
        alerts = [c for c in self.concerns if c.cell == cell and c.raised_at <= as_of]
        return {
            "households": self.households[cell]
            + sum(1 for f in known if f.kind == "household" and f.received_at <= stock_at),
            "reached": len(reached),
            "nobody_home": len(nobody),
            "returnees_present": len(people),
            "new_returnees": len(people),
            "under_monitoring": len(people),
            "checks_due": len(people) * len(SESSIONS),
            "checks_done": len(done),
            "checks_missed": len(people) * len(SESSIONS) - len(done),
            "fever": sum(f.fever for f in visits + checks),
            "symptoms": sum(f.symptoms for f in visits + checks),
            "alerts_raised": len(alerts),
            "alerts_closed": sum(1 for c in alerts if c.closed_at is not None and c.closed_at < day_end),
            "alerts_overdue": sum(1 for c in alerts if _overdue(c, stock_at)),
        }

    def _sessions_done(self, person: Fact, as_of: dt.datetime) -> set[str]:
        return {f.session for f in self._known(person.cell, as_of) if f.kind == "check" and f.subject == person.subject}


def _overdue(concern: Concern, at: dt.datetime) -> bool:
    answered = concern.acknowledged_at or concern.closed_at
    due_at = concern.raised_at + dt.timedelta(hours=concern.hours)
    return concern.raised_at <= at and due_at <= at and (answered is None or answered > at)
