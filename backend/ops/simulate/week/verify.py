"""The truth of the simulated week held against the server: its tables, its ledger, its alerts, its reports."""

import datetime as dt
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from backend.alerts.choices import RuleKey
from backend.alerts.models import Alert
from backend.facts.choices import Verdict
from backend.facts.models import SyncItem
from backend.ops.simulate.week.books import Books
from backend.ops.simulate.week.office import Reader
from backend.ops.simulate.week.truth import Made, WeekTruth
from backend.regions.choices import LEVEL_OF, Level
from backend.visits.models import Visit

#: How long a close, or a correction, may take to be on the books: the schedule looks once a minute.
PATIENCE = 100.0
_LOOK_EVERY = 0.5


@dataclass
class Ledger:
    """What became of the records. `lost`: saved, and not on the server; `doubled`: there more than once."""

    created: int = 0
    lost: int = 0
    doubled: int = 0
    differences: list[str] = field(default_factory=list)


def ledger(books: Books) -> Ledger:
    """Every record that was saved and not sent back is there once, where and when it belongs, and no other."""
    made = books.truth.made
    wanted = {record.id for record in made.values() if not record.poison} | books.confirmed
    rows = Visit.objects.values_list("id", "region_code", "business_day", "doubtful", "household_id")
    held: dict[str, tuple[Any, ...]] = {}
    times: Counter[str] = Counter()
    for row_id, *row in rows:
        held[str(row_id)] = tuple(row)
        times[str(row_id)] += 1
    claimed = {str(row) for row in SyncItem.objects.filter(verdict=Verdict.CREATED).values_list("id", flat=True)}
    found = Ledger(created=len(held), lost=len(wanted - held.keys()))
    found.doubled = sum(1 for count in times.values() if count > 1)
    found.differences += [f"{len(held.keys() - wanted)} visits nobody made"] * bool(held.keys() - wanted)
    found.differences += [f"{found.lost} records lost"] * bool(found.lost)
    found.differences += [f"{found.doubled} records doubled"] * bool(found.doubled)
    found.differences += ["the ledger and the table of visits differ"] * (claimed != held.keys())
    wrong = [record for record in made.values() if record.id in held and held[record.id] != _row(record)]
    if wrong:
        found.differences.append(f"{len(wrong)} records filed wrongly, such as {wrong[0]}: {held[wrong[0].id]}")
    return found


def _row(record: Made) -> tuple[Any, ...]:
    return record.cell, record.day, record.doubtful, uuid.UUID(record.household)


def alerts(truth: WeekTruth) -> list[str]:
    """One alert for each fever, whatever was sent how often."""
    wanted = Counter(record.household for record in truth.made.values() if record.fever)
    raised = Counter(map(str, Alert.objects.filter(rule=RuleKey.FEVER).values_list("household_id", flat=True)))
    return [] if raised == wanted else [f"fever alerts: {raised.total()}, truth {wanted.total()}"]


class Figures:
    """Compares reports, and counts what was compared by level."""

    def __init__(self, reader: Reader, truth: WeekTruth) -> None:
        self.reader, self.truth = reader, truth
        self.compared: Counter[Level] = Counter()
        self.wrong: Counter[Level] = Counter()

    def until_right(self, regions: Iterable[str], day: dt.date, as_of: dt.datetime) -> list[str]:
        """Wait until the reports of `day` are closed and say what the truth says at `as_of`; what stays different."""
        end = time.monotonic() + PATIENCE
        differences: list[str] = []
        for region in regions:
            while (found := self._compare(region, day, as_of)) and time.monotonic() < end:
                time.sleep(_LOOK_EVERY)
            level = LEVEL_OF[len(region)]
            self.compared[level] += 1
            self.wrong[level] += bool(found)
            differences += found
        return differences

    def _compare(self, region: str, day: dt.date, as_of: dt.datetime) -> list[str]:
        said = self.reader.report(region, day)
        expected, reported, figures = self.truth.unit(region, day, as_of)
        pairs = [("is_closed", True), ("expected", expected), ("reported", reported)]
        found = [f"{day} {region} {key}: {said[key]}, truth {right}" for key, right in pairs if said[key] != right]
        return found + [
            f"{day} {region} {key}: {said['figures'].get(key)}, truth {right}"
            for key, right in figures.items()
            if said["figures"].get(key) != right
        ]
