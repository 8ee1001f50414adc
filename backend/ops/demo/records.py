"""What one cell's worker writes down on one day. Pure: chance in, records out."""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from backend.core import clock
from backend.ops.demo.returns import Return
from backend.residents.choices import Occupancy
from backend.residents.rules import HouseholdInput

#: A household is called on about every third day.
ROUND_DAYS = 3
#: Visits of a worker who has only just set out.
FEW = 6
UNWELL, FEVERISH_CHECK, MISSED_CHECK = 0.002, 0.003, 0.004

_OUTCOMES = {"seen_well": 935, "nobody_home": 45, "refused": 6, "moved_away": 2, "wrong_address": 2}
_SYMPTOMS = ("dry_cough", "fatigue", "sore_throat", "diarrhoea", "loss_smell_taste")
_A_MOMENT = dt.timedelta(minutes=2)
_NEEDS = ("medicine", "food", "heating", "hospital")
_NOTES = ("老人需要代买药品", "暖气不热，已告知物业", "家中有人次日返回", "希望上门测量血压")


@dataclass(frozen=True)
class Record:
    """One record as it lies on a phone."""

    kind: str
    observed_at: dt.datetime
    body: dict[str, Any]
    item_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Resident:
    """A returnee staying in the cell, and the last day on which he is checked."""

    of: Return
    last_check_day: dt.date


@dataclass
class CellDay:
    """The records of a cell's day, in order of time; `take` hands them out as the day goes on."""

    cell: str
    day: dt.date
    records: list[Record] = field(default_factory=list)

    @property
    def registers(self) -> bool:
        return any(record.kind == "returnee" for record in self.records)

    def take(self, until: dt.datetime) -> list[Record]:
        """What was written down by `until` and not handed out yet."""
        taken = [record for record in self.records if record.observed_at <= until]
        self.records = [record for record in self.records if record.observed_at > until]
        return taken


def cell_day(
    *,
    cell: str,
    day: dt.date,
    households: Sequence[HouseholdInput],
    residents: Sequence[Resident],
    chance: Random,
    few: bool = False,
) -> CellDay:
    """Registrations, checks and visits of `cell` on `day`; with `few`, a handful of visits, nothing at night."""
    records = [
        Record("returnee", r.of.registered_at, r.of.body, r.of.item_id)
        for r in residents
        if clock.business_day(r.of.registered_at) == day
    ]
    records += _checks(day, residents, chance, few)
    records += _visits(day, households, chance, few)
    return CellDay(cell, day, sorted(records, key=lambda record: record.observed_at))


def _checks(day: dt.date, residents: Sequence[Resident], chance: Random, few: bool) -> Iterator[Record]:
    for resident in residents:
        registered_at = resident.of.registered_at
        if not clock.business_day(registered_at) <= day <= resident.last_check_day:
            continue
        for session, hour in (("morning", 8), ("evening", 18)):
            if chance.random() < MISSED_CHECK or (few and session == "evening"):
                continue
            at = clock.at(day, dt.time(hour + chance.randrange(2), chance.randrange(60)))
            # Who is registered at the door is measured there and then.
            yield Record("check", max(at, registered_at + _A_MOMENT), _check(resident.of, session, chance))


def _check(person: Return, session: str, chance: Random) -> dict[str, Any]:
    ill = chance.random() < FEVERISH_CHECK
    return {
        "person": str(person.person_id), "session": session, "method": chance.choices(("door", "phone"), (2, 1))[0],
        "temperature": _fever(chance) if ill else _normal(chance),
        "symptoms": [chance.choice(_SYMPTOMS)] if ill and chance.random() < 0.5 else [],
    }  # fmt: skip


def _visits(day: dt.date, households: Sequence[HouseholdInput], chance: Random, few: bool) -> Iterator[Record]:
    turn = day.toordinal() % ROUND_DAYS
    called_on = [h for index, h in enumerate(households) if index % ROUND_DAYS == turn]
    if few:
        called_on = called_on[:FEW]
    for index, household in enumerate(called_on):
        share = index / max(len(called_on), 1)
        minutes = int(share * 340)
        # Mornings from half past eight, afternoons from half past one.
        start = dt.time(8, 30) if minutes < 170 else dt.time(13, 30)
        at = clock.at(day, start) + dt.timedelta(minutes=minutes % 170, seconds=chance.randrange(60))
        yield Record("visit", at, _visit(household, chance))


def _visit(household: HouseholdInput, chance: Random) -> dict[str, Any]:
    body: dict[str, Any] = {"household": str(household.id)}
    if household.occupancy == Occupancy.EMPTY:
        return body | {"outcome": "empty"}
    if household.occupancy == Occupancy.OWNER_AWAY and chance.random() < 0.8:
        return body | {"outcome": "nobody_home"}
    if chance.random() < UNWELL:
        seen = {"temperature": _fever(chance)} if chance.random() < 0.6 else {"symptoms": [chance.choice(_SYMPTOMS)]}
        return body | {"outcome": "seen_unwell", "people": [seen]}
    body["outcome"] = chance.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0]
    if household.care and body["outcome"] == "seen_well" and chance.random() < 0.1:
        body["needs"] = [chance.choice(_NEEDS)]
        if chance.random() < 0.5:
            body["note"] = chance.choice(_NOTES)
    return body


def _normal(chance: Random) -> float:
    return round(36.0 + chance.randrange(2, 10) / 10, 1)


def _fever(chance: Random) -> float:
    return round(37.3 + chance.randrange(0, 17) / 10, 1)
