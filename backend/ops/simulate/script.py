"""What each phone of the simulated day records, when it has network, and what the server must say. Pure."""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Any

from backend.ops.demo.people import identity_number, phone_number, record_id
from backend.ops.simulate.timeline import WORKING, Hour, hour_at
from backend.ops.simulate.world import Cell, World, rare_name
from backend.residents.rules import HouseholdInput, place_text
from backend.sync.schemas import SCHEMAS, current_schema

_VISITS = {Hour.MORNING: range(8), Hour.AFTERNOON: range(8, 15), Hour.EVENING: range(15, 19)}
#: Doors with a part to play.
_FEVER, _COUGH, _ABSENT, _RETURNEE = 2, 4, 5, 20
_SKEWS = tuple(dt.timedelta(seconds=seconds) for seconds in (0, 2 * 86_400, -3 * 86_400, 90, -5 * 3_600))
#: A telephone whose clock had fallen back to its factory setting.
_FACTORY = dt.timedelta(days=-2200)


class Habit(Enum):
    """When a phone has network: the hours at which it uploads."""

    STEADY = (Hour.MORNING, Hour.AFTERNOON, Hour.EVENING)
    EVENING_ONLY = (Hour.EVENING,)
    OVERNIGHT = (Hour.MORNING, Hour.DAWN)
    LATE = (Hour.MORNING, Hour.AFTERNOON, Hour.LATE)
    VERY_LATE = (Hour.AFTERNOON, Hour.VERY_LATE)
    LOST = (Hour.VERY_LATE,)


_HABITS = (
    Habit.STEADY, Habit.LATE, Habit.OVERNIGHT, Habit.VERY_LATE, Habit.STEADY, Habit.LOST, Habit.EVENING_ONLY,
    Habit.STEADY, Habit.STEADY, Habit.STEADY, Habit.OVERNIGHT, Habit.STEADY,
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Effect:
    """What an accepted record does to the truth."""

    kind: str
    subject: uuid.UUID
    place: str
    outcome: str = ""
    session: str = ""
    fever: int = 0
    symptoms: int = 0
    doubtful: bool = False


@dataclass(frozen=True, repr=False)
class Planned:
    """One record: the item as it goes out, and the verdict it must get. `refusal` is the code of a bad one.

    `again_of` marks a second sending under a known id: `conflict` with other content, else mended after a refusal.
    """

    hour: Hour
    item: dict[str, Any] | str
    effect: Effect | None = None
    refusal: str = ""
    conflict: bool = False
    mended: bool = False

    @property
    def id(self) -> str:
        return self.item["id"] if isinstance(self.item, dict) else ""


@dataclass(repr=False)
class Script:
    """A phone's whole day. `secrets` are the personal data it types."""

    index: int
    cell: Cell
    device: uuid.UUID
    habit: Habit
    skew: dt.timedelta
    records: list[Planned] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    @property
    def resends_morning(self) -> bool:
        """Forgets that the morning was confirmed, and sends it all again in the evening."""
        return self.habit is Habit.STEADY and self.index % 6 == 1

    @property
    def doubles(self) -> bool:
        """Sends the afternoon from two connections at once."""
        return self.index % 9 in (2, 7)


def scripts(world: World, chance: Random) -> list[Script]:
    """One script for each cell that somebody walks."""
    walked = [cell for cell in world.cells if cell.username]
    return [_Writer(world, cell, index, chance).write() for index, cell in enumerate(walked)]


class _Writer:
    """Writes one script, numbering its records."""

    def __init__(self, world: World, cell: Cell, index: int, chance: Random) -> None:
        self.world, self.cell, self.index, self.chance = world, cell, index, chance
        self.seq = 0
        start = hour_at(Hour.MORNING, world.day)
        self.script = Script(
            index, cell, record_id(chance, start), _HABITS[index % len(_HABITS)], _SKEWS[index % len(_SKEWS)]
        )
        self.person = record_id(chance, start)

    def write(self) -> Script:
        for household in self.cell.households:
            self.script.secrets |= {household.head_name, household.phone}
        for hour in WORKING:
            records = [*self._arrivals(hour), *self._visits(hour), *self._checks(hour), *self._extras(hour)]
            self.script.records += [self._numbered(record) for record in records]
        return self.script

    # --- ordinary work --------------------------------------------------------------------------------------------

    def _arrivals(self, hour: Hour) -> Iterator[Planned]:
        """A returnee on every phone, a new household on every third, before whatever speaks of them."""
        if hour is not Hour.MORNING:
            return
        host = self.cell.households[_RETURNEE]
        body: dict[str, Any] = {
            "person": str(self.person), "name": self._secret(rare_name(self.chance)),
            "phone": self._secret(phone_number(self.chance)), "document_type": "id_card",
            "document_number": self._secret(identity_number(self.chance, serial=self.index)),
            "arrived_on": self.world.day.isoformat(), "region": self.cell.code, "origin": "11",
            "household": str(host.id),
        }  # fmt: skip
        yield self._planned(hour, "returnee", body, Effect("returnee", self.person, _place(host)))
        if self.index % 3 == 0:
            new = record_id(self.chance, hour_at(hour, self.world.day))
            address = self.cell.households[0].address
            body = {
                "household": str(new), "region": self.cell.code, "address": address,
                "door": "99", "head_name": self._secret(rare_name(self.chance)), "headcount": 3,
                "phone": self._secret(phone_number(self.chance)),
            }  # fmt: skip
            place = place_text(address, "", "", "99")
            yield self._planned(hour, "household", body, Effect("household", new, place))
            visit = {"household": str(new), "outcome": "seen_well"}
            yield self._planned(hour, "visit", visit, Effect("visit", new, place, outcome="seen_well"))

    def _visits(self, hour: Hour) -> Iterator[Planned]:
        for door in _VISITS[hour]:
            yield self._visit(hour, door)
        if hour is Hour.AFTERNOON:
            # Back to who was not at home; and once more to who had a fever: that is no second alert.
            yield self._seen(hour, self.cell.households[_ABSENT], "seen_well")
            if self.index % 8 == 0:
                yield self._visit(hour, _FEVER)

    def _visit(self, hour: Hour, door: int) -> Planned:
        household = self.cell.households[door]
        if door == _FEVER and self.index % 4 == 0:
            people: list[dict[str, Any]] = [{"temperature": 38.2}, {"temperature": 36.5}]
            return self._seen(hour, household, "seen_unwell", people=people, fever=1)
        if door == _COUGH and self.index % 4 == 1:
            return self._seen(hour, household, "seen_unwell", people=[{"symptoms": ["dry_cough"]}], symptoms=1)
        if door == _ABSENT:
            return self._seen(hour, household, "nobody_home")
        note = self._secret(f"密语{self.chance.getrandbits(40):010x}") if door % 7 == 0 else None
        outcome = self.chance.choice(("seen_well",) * 8 + ("refused", "moved_away"))
        return self._seen(hour, household, outcome, note=note)

    def _seen(
        self,
        hour: Hour,
        household: HouseholdInput,
        outcome: str,
        *,
        people: list[dict[str, Any]] | None = None,
        fever: int = 0,
        symptoms: int = 0,
        note: str | None = None,
    ) -> Planned:
        body: dict[str, Any] = {"household": str(household.id), "outcome": outcome}
        body |= {"people": people} if people else {}
        body |= {"note": note} if note else {}
        effect = Effect("visit", household.id, _place(household), outcome=outcome, fever=fever, symptoms=symptoms)
        return self._planned(hour, "visit", body, effect)

    def _checks(self, hour: Hour) -> Iterator[Planned]:
        if hour is Hour.MORNING:
            yield self._check(hour, "morning", 36.4)
        elif hour is Hour.EVENING and not (self.script.habit is Habit.STEADY and self.index % 11 == 4):
            yield self._check(hour, "evening", 37.9 if self.index % 6 == 0 else 36.6)

    def _check(self, hour: Hour, session: str, temperature: float) -> Planned:
        body = {
            "person": str(self.person), "session": session, "method": "door", "symptoms": [],
            "temperature": temperature,
        }  # fmt: skip
        place = _place(self.cell.households[_RETURNEE])
        effect = Effect("check", self.person, place, session=session, fever=int(temperature > 37.3))
        return self._planned(hour, "check", body, effect)

    # --- what goes wrong ------------------------------------------------------------------------------------------

    def _extras(self, hour: Hour) -> Iterator[Planned]:
        if hour is Hour.AFTERNOON:
            if self.index % 5 == 0:
                yield from self._bad(hour)
            if self.index % 7 == 1:
                yield self._out_of_time(hour)
            if self.index % 3 == 2:
                yield self._conflict(hour)

    def _bad(self, hour: Hour) -> Iterator[Planned]:
        """One of every refusal; the wrong temperature is mended, and sent again under its id in the evening."""
        door = self.cell.households[21]
        good = {"household": str(door.id), "outcome": "seen_well"}
        other = next(cell for cell in reversed(self.world.cells) if cell.code != self.cell.code)
        person = {
            "person": str(self._id(hour)), "name": self._secret(rare_name(self.chance)),
            "phone": self._secret(phone_number(self.chance)), "document_type": "id_card",
            "document_number": self._secret(identity_number(self.chance, serial=5_000_000 + self.index)),
            "arrived_on": self.world.day.isoformat(), "region": self.cell.code, "origin": "11", "address": "临时住处",
        }  # fmt: skip
        wrong_digit = person["document_number"][:-1] + ("1" if person["document_number"][-1] != "1" else "2")
        check = {"person": str(self._id(hour)), "session": "evening", "method": "self", "symptoms": []}
        for kind, body, code in (
            ("visit", good | {"household": str(self._id(hour))}, "unknown_household"),
            ("visit", good | {"household": str(other.households[0].id)}, "unknown_household"),
            ("visit", good | {"mood": "good"}, "unknown_field"),
            ("visit", {"household": str(door.id)}, "missing_field"),
            ("poem", good, "unknown_kind"),
            ("returnee", person | {"document_number": wrong_digit}, "bad_document"),
            ("returnee", person | {"phone": "12345"}, "bad_phone"),
            ("returnee", person | {"region": other.code}, "unknown_region"),
            ("check", check, "unknown_person"),
        ):
            yield self._planned(hour, kind, body, refusal=code)
        yield Planned(hour, "no record at all", refusal="bad_field")
        hot = self._planned(hour, "visit", good | {"people": [{"temperature": 63.0}]}, refusal="bad_field")
        yield hot
        assert isinstance(hot.item, dict)
        mended = hot.item | {"body": good | {"people": [{"temperature": 36.3}]}}
        effect = Effect("visit", door.id, _place(door), outcome="seen_well")
        yield Planned(Hour.EVENING, mended, effect=effect, mended=True)

    def _out_of_time(self, hour: Hour) -> Planned:
        """Written down while the telephone's clock stood years back, uploaded after it was put right: doubtful."""
        door = self.cell.households[22]
        effect = Effect("visit", door.id, _place(door), outcome="seen_well", doubtful=True)
        body = {"household": str(door.id), "outcome": "seen_well"}
        return self._planned(hour, "visit", body, effect, clock_error=_FACTORY)

    def _conflict(self, hour: Hour) -> Planned:
        """The id of this morning's first visit, with other content."""
        first = next(
            r for r in self.script.records if isinstance(r.item, dict) and r.item["kind"] == "visit" and r.effect
        )
        assert isinstance(first.item, dict)
        other = first.item | {"body": first.item["body"] | {"outcome": "wrong_address"}}
        return Planned(hour, other, conflict=True)

    # --- items ----------------------------------------------------------------------------------------------------

    def _id(self, hour: Hour) -> uuid.UUID:
        return record_id(self.chance, hour_at(hour, self.world.day))

    def _secret(self, text: str) -> str:
        self.script.secrets.add(text)
        return text

    def _planned(
        self,
        hour: Hour,
        kind: str,
        body: dict[str, Any],
        effect: Effect | None = None,
        *,
        refusal: str = "",
        clock_error: dt.timedelta = dt.timedelta(0),
    ) -> Planned:
        observed = hour_at(hour, self.world.day) + dt.timedelta(seconds=self.chance.randrange(1, 50))
        item = {
            "id": str(record_id(self.chance, observed)), "kind": kind, "schema": _schema(kind), "seq": 0,
            "observed_at": (observed + self.script.skew + clock_error).isoformat(), "body": body,
        }  # fmt: skip
        return Planned(hour, item, effect, refusal)

    def _numbered(self, record: Planned) -> Planned:
        if isinstance(record.item, dict) and not record.item["seq"]:
            self.seq += 1
            record.item["seq"] = self.seq
        return record


def _place(household: HouseholdInput) -> str:
    return place_text(household.address, household.building, household.unit, household.door)


def _schema(kind: str) -> int:
    """That of a record made now; a kind that the protocol does not know has a first one at most."""
    return current_schema(kind) if kind in SCHEMAS else 1
