"""The truth of the simulated day held against the server: its database, its reports, its sockets, its receipts."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

from backend.alerts.models import Alert, AlertEvent
from backend.core.scope import after
from backend.facts.models import SyncItem
from backend.health.models import DailyCheck
from backend.ops.simulate.phone import Phone
from backend.ops.simulate.sockets import Listener
from backend.ops.simulate.truth import Figures, Truth
from backend.ops.simulate.wire import Wire
from backend.residents.models import Household
from backend.returnees.models import Returnee
from backend.visits.models import Visit

#: How long a close, or a correction, may take to be on the books: the schedule looks once a minute.
PATIENCE = 100.0
_LOOK_EVERY = 0.5


async def report(wire: Wire, region: str, day: dt.date) -> dict[str, Any]:
    """The day of a unit as the API tells it."""
    answer: dict[str, Any] = await wire.request(
        "GET", "/api/v1/reports/daily/", params={"region": region, "day": day.isoformat()}
    )
    return answer


async def until_right(wire: Wire, truth: Truth, regions: Iterable[str], as_of: dt.datetime) -> list[str]:
    """Wait until the reports of `regions` are closed and say what `truth` says; the differences that stay."""
    waiting = list(regions)
    differences: dict[str, list[str]] = {}
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while waiting:
        still = []
        for region in waiting:
            differences[region] = compare(await report(wire, region, truth.day), truth, region, as_of)
            if differences[region]:
                still.append(region)
                if len(differences) > 1 and asyncio.get_running_loop().time() < deadline:
                    break
        if not still or asyncio.get_running_loop().time() > deadline:
            break
        waiting = waiting[waiting.index(still[0]) :]
        await asyncio.sleep(_LOOK_EVERY)
    return [difference for found in differences.values() for difference in found]


def compare(said: dict[str, Any], truth: Truth, region: str, as_of: dt.datetime) -> list[str]:
    """Where a report differs from the truth as of `as_of`."""
    expected, reported, value, figures = truth.unit(region, as_of)
    wanted = {"is_closed": True, "expected": expected, "reported": reported, "value": value}
    found = [f"{region} {key}: {said[key]}, truth {right}" for key, right in wanted.items() if said[key] != right]
    return found + [f"{region} {line}" for line in _figures(said["figures"], figures)]


def _figures(said: dict[str, float | None], truth: Figures) -> list[str]:
    keys = sorted(set(said) | set(truth))
    return [f"{key}: {said.get(key)}, truth {truth.get(key)}" for key in keys if said.get(key) != truth.get(key)]


def ledger(truth_ids: dict[str, set[str]]) -> list[str]:
    """Whether every record that must exist does, exactly once, and no other. `truth_ids`: kind → ids."""
    differences = []
    stored = {
        "visit": Visit.objects.values_list("id", flat=True),
        "check": DailyCheck.objects.values_list("id", flat=True),
        "returnee": Returnee.objects.values_list("id", flat=True),
    }
    for kind, rows in stored.items():
        held = Counter(str(row) for row in rows)
        differences += _sets(f"table of {kind}", set(held), truth_ids[kind])
        differences += [f"{kind} {item} stored {count} times" for item, count in held.items() if count > 1]
    claimed = {str(row) for row in SyncItem.objects.filter(verdict="created").values_list("id", flat=True)}
    return differences + _sets("ledger", claimed, set().union(*truth_ids.values()))


def households(expected: int) -> list[str]:
    """Whether the roster has as many households as it must."""
    count = Household.objects.count()
    return [] if count == expected else [f"households: {count}, truth {expected}"]


def alerts(truth: Truth) -> list[str]:
    """Whether the alerts of the day are those that something gave cause for."""
    raised = Counter(Alert.objects.filter(business_day=truth.day).values_list("rule", "region_code", "place"))
    wanted = Counter(concern.key for concern in truth.concerns)
    return [f"alert {key}: {raised[key]}, truth {wanted[key]}" for key in raised | wanted if raised[key] != wanted[key]]


def heard(listener: Listener, region: str, name: str) -> list[str]:
    """Whether a listener heard every event of its region, once, in order."""
    rows = AlertEvent.objects.filter(region_code__gte=region, region_code__lt=after(region), seq__isnull=False)
    wanted = list(rows.order_by("seq").values_list("seq", flat=True))
    got = [arrival.event.seq for arrival in listener.arrivals]
    problems = [f"{name}: {problem}" for problem in listener.problems]
    if got != wanted:
        problems.append(f"{name}: heard {len(got)} events, truth {len(wanted)}")
    return problems


async def receipts(phone: Phone, days: Iterable[dt.date], expected: set[str]) -> list[str]:
    """Whether the receipts name exactly what the phone had confirmed."""
    held: set[str] = set()
    for day in days:
        held |= await phone.receipts(day)
    name = phone.script.cell.username
    return _sets(f"{name} receipts", held, expected) + _sets(f"{name} confirmed", phone.confirmed, expected)


def pulled(phone: Phone, truth_ids: dict[str, set[str]], secrets: set[str]) -> list[str]:
    """Whether the read cache of the phone is its cell, masked."""
    name = phone.script.cell.username
    held: dict[str, set[str]] = {}
    for kind, item in phone.pulled:
        held.setdefault(kind, set()).add(item)
    differences = [
        line
        for kind in ("household", "visit", "check", "returnee")
        for line in _sets(f"{name} pulled {kind}", held.get(kind, set()), truth_ids[kind])
    ]
    cache = str(phone.pulled)
    return differences + [f"{name}: plain personal data in the read cache"] * any(s in cache for s in secrets)


async def walk_down(wire: Wire, truth: Truth, region: str, indicator: str) -> tuple[list[str], set[str]]:
    """Walk a figure down to its records: the differences between levels, and the ids of the records."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    answer: dict[str, Any] = {}
    while cursor is not None:
        params = {"indicator": indicator} | ({"cursor": cursor} if cursor else {})
        answer = await wire.request(
            "GET", f"/api/v1/reports/daily/{region}/{truth.day.isoformat()}/trace/", params=params
        )
        rows += answer["rows"]
        cursor = answer["next"]
    units = [row for row in rows if row["kind"] == "unit"]
    if not units:
        return [], {row["id"] for row in rows}
    differences = []
    if sum(row["figure"] or 0 for row in units) != answer["figure"]:
        differences.append(f"{region} {indicator}: children do not add up to {answer['figure']}")
    ids: set[str] = set()
    for row in units:
        if row["figure"]:
            below, found = await walk_down(wire, truth, row["code"], indicator)
            differences += below
            ids |= found
    return differences, ids


def _sets(what: str, held: set[str], wanted: set[str]) -> list[str]:
    missing, extra = wanted - held, held - wanted
    return [f"{what}: {len(missing)} missing, {len(extra)} too many"] if missing or extra else []
