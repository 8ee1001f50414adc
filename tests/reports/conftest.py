"""A day to report on: a clock that stands where a test puts it, and records placed straight into the tables."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from backend.core import clock
from backend.core.ids import new_id
from backend.health.models import DailyCheck, Monitoring
from backend.regions.models import Region
from backend.reports.models import DailyReport
from backend.reports.services.closing import day_advance
from backend.residents.models import Household, HouseholdTenure, Person
from backend.returnees.models import Returnee
from backend.visits.models import Visit
from tests.conftest import CELL

DAY = dt.date(2026, 11, 20)
PROVINCE = "22"


def moment(day_offset: int, wall: str) -> dt.datetime:
    """`wall` o'clock in Shanghai, `day_offset` days after `DAY`."""
    return clock.at(DAY + dt.timedelta(days=day_offset), dt.time.fromisoformat(wall))


@dataclass
class World:
    """Puts records into the tables as they would arrive, and moves the clock."""

    now: dt.datetime = field(default_factory=lambda: moment(0, "12:00"))

    def at(self, day_offset: int, wall: str) -> "World":
        self.now = moment(day_offset, wall)
        return self

    def advance(self, day: dt.date = DAY) -> None:
        assert day_advance(province=PROVINCE, day=day)

    def report(self, code: str, day: dt.date = DAY) -> DailyReport:
        return DailyReport.objects.get(region_code=code, business_day=day)

    def touch(self, cell: str, day: dt.date) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO facts_touchedcell VALUES (%s, %s, %s) ON CONFLICT (business_day, region_code) "
                "DO UPDATE SET touched_at = greatest(facts_touchedcell.touched_at, EXCLUDED.touched_at)",
                [day, cell, self.now],
            )

    def _fact(self, cell: str, day: dt.date) -> dict[str, Any]:
        noon = clock.at(day, dt.time(12))
        return {
            "id": new_id(), "region_code": cell, "business_day": day, "observed_at": noon, "corrected_at": noon,
            "received_at": self.now, "author_id": 1, "author_name": "网格员甲",
        }  # fmt: skip

    def visit(self, cell: str = CELL, day: dt.date = DAY, **columns: Any) -> Visit:
        values = {**self._fact(cell, day), "household_id": uuid.uuid4(), "outcome": "seen_well", **columns}
        row = Visit.objects.create(**values)
        self.touch(cell, day)
        return row

    def check(self, person: uuid.UUID, cell: str = CELL, day: dt.date = DAY, **columns: Any) -> DailyCheck:
        values = {"person_id": person, "session": "morning", "method": "door", **self._fact(cell, day), **columns}
        row = DailyCheck.objects.create(**values)
        self.touch(cell, day)
        return row

    def household(self, cell: str = CELL, **columns: Any) -> Household:
        values = {
            "region_code": cell, "address": "幸福路1号", "door": "101", "head_sealed": b"x", "head_masked": "张*",
            "sort_key": "1", "search_text": "", "created_at": self.now, **columns,
        }  # fmt: skip
        row = Household.objects.create(**values)
        HouseholdTenure.objects.create(household=row, region_code=cell, valid_from=self.now)
        return row

    def person(self, cell: str = CELL) -> Person:
        return Person.objects.create(
            region_code=cell, address="幸福路1号", name_sealed=b"x", name_masked="李*", purposes=["returnee"],
            created_at=self.now,
        )  # fmt: skip

    def returnee(self, cell: str = CELL, day: dt.date = DAY, **columns: Any) -> Returnee:
        values = {
            "id": new_id(), "person": self.person(cell), "region_code": cell, "origin_text": "外省", "arrived_on": day,
            "registered_at": self.now, "registered_day": day, "received_at": self.now, "author_id": 1,
            "author_name": "网格员甲", **columns,
        }  # fmt: skip
        row = Returnee.objects.create(**values)
        self.touch(cell, day)
        return row

    def monitoring(self, person: Person, day: dt.date = DAY, **columns: Any) -> Monitoring:
        last = day + dt.timedelta(days=14)
        values = {
            "id": new_id(), "person": person, "region_code": person.region_code, "kind": "returnee", "from_day": day,
            "to_day": last, "first_day": day, "last_day": last, "registered_at": self.now, "rule_version": "t",
            "clause": "t", "source_id": new_id(), **columns,
        }  # fmt: skip
        row = Monitoring.objects.create(**values)
        self.touch(person.region_code, day)
        return row


@pytest.fixture
def world(tree: dict[str, Region], policies: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """The invented tree with the national rules in force; noon of `DAY`."""
    made = World()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def summary() -> Callable[[str], dict[str, Any]]:
    """What a report says, without what only its making knows."""

    def of(code: str, day: dt.date = DAY) -> dict[str, Any]:
        row = DailyReport.objects.get(region_code=code, business_day=day)
        return {name: getattr(row, name) for name in ("state", "value", "expected", "reported", "late", "figures")}

    return of
