"""A small simulated week on a stack of its own, and its pure parts held against cases worked out by hand."""

import datetime as dt
import itertools
import json
from random import Random

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command

from backend.core import clock
from backend.ops.simulate.timeline import DayClock
from backend.ops.simulate.week.books import Books
from backend.ops.simulate.week.line import Line
from backend.ops.simulate.week.plan import BURSTS, HOURS, OF_THE_SERVER, SLOTS, plan_make, stretches
from backend.ops.simulate.week.truth import Made, WeekTruth

DAY = dt.date(2026, 11, 22)
CELL, OTHER = "420102901901901", "420102901901902"


@pytest.mark.faults
def test_two_days_of_five_workers_agree_with_the_truth() -> None:
    folder = settings.REPOSITORY / "var" / "test" / "week"
    call_command("simulate_week", workers=5, days=2, visits=60, seed=7, folder=folder)
    (run,) = json.loads(folder.with_name("week.json").read_text())["runs"]
    assert (run["lost"], run["doubled"], run["differences"]) == (0, 0, [])
    assert run["made"] > 500
    assert run["sent_again_after_restore"] > 0
    assert all(run["faults"][fault] for fault in ("restored_from_backup", "moved_to_another_cell_offline"))
    assert all(level["compared"] and not level["wrong"] for level in run["figures"].values())


# --- the plan -------------------------------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_week() -> None:
    assert plan_make(workers=9, days=7, visits=300, seed=4) == plan_make(workers=9, days=7, visits=300, seed=4)
    assert plan_make(workers=9, days=7, visits=300, seed=4) != plan_make(workers=9, days=7, visits=300, seed=5)


def test_network_is_there_for_a_third_of_the_time_in_stretches() -> None:
    found = stretches(Random(1), 20_000)
    assert 0.27 < sum(found) / len(found) < 0.33
    turns = sum(1 for before, after in itertools.pairwise(found) if before != after)
    assert turns < len(found) / 4


@pytest.mark.parametrize("seed", range(10))
def test_a_week_has_every_fault_of_the_server_and_one_restored_backup(seed: int) -> None:
    plan = plan_make(workers=20, days=7, visits=300, seed=seed)
    assert set(plan.breaks.values()) == set(OF_THE_SERVER)
    assert all(0 <= day < 7 and 0 <= hour < len(HOURS) for day, hour in plan.breaks)
    assert plan.restore_day in range(1, 7)
    assert len(plan.phones) == 24
    assert not plan.may_clear(plan.restore_day or 0, 0)


def test_who_moves_does_so_without_network_and_hears_of_it_first() -> None:
    plan = plan_make(workers=4, days=3, visits=40, seed=2)
    for phone in plan.phones:
        if phone.worker in (plan.movers or ()):
            assert not any(phone.up(plan.move_day - 1, slot) for slot in range(SLOTS - BURSTS, SLOTS))
            assert not phone.up(plan.move_day, 0)
            assert phone.up(plan.move_day, 1)
            assert not phone.clock_moves


def test_a_single_worker_on_a_single_day_is_a_week_too() -> None:
    plan = plan_make(workers=1, days=1, visits=5, seed=1)
    assert (plan.movers, plan.restore_day, len(plan.phones)) == (None, None, 1)


# --- the truth ------------------------------------------------------------------------------------------------------


def at(hour: int, days: int = 0) -> dt.datetime:
    return clock.at(DAY + dt.timedelta(days=days), dt.time(hour))


def visit(number: int, outcome: str = "seen_well", *, cell: str = CELL, household: str = "h1", fever: int = 0) -> Made:
    return Made(f"v{number}", cell, household, outcome, at(10), fever=fever)


def truth_of(*records: Made) -> WeekTruth:
    return WeekTruth({CELL: 10, OTHER: 20}, {record.id: record for record in records})


def test_a_household_counts_once_and_the_best_outcome_wins() -> None:
    records = [visit(1), visit(2, "nobody_home"), visit(3, "nobody_home", household="h2"), visit(4, "refused", fever=1)]
    for record in records:
        record.arrive(at(11), dt.timedelta())
    expected, reported, figures = truth_of(*records).unit("42", DAY, at(12))
    assert (expected, reported) == (2, 1)
    assert figures == {
        "households": 10, "reached": 1, "nobody_home": 1, "fever": 1, "symptoms": 0, "coverage": 10.0,
    }  # fmt: skip


def test_what_has_not_arrived_is_not_known() -> None:
    record = visit(1)
    truth = truth_of(record)
    assert truth.unit(CELL, DAY, at(12)) == (1, 0, {})
    record.arrive(at(7, days=1), dt.timedelta())
    assert truth.unit(CELL, DAY, at(6, days=1)) == (1, 0, {})
    assert truth.unit(CELL, DAY, at(8, days=1))[1] == 1


def test_the_day_is_that_of_the_corrected_time() -> None:
    slow = visit(1)
    slow.observed_at = at(10, days=-3)
    slow.arrive(at(11), dt.timedelta(days=3))
    assert (slow.day, slow.doubtful) == (DAY, False)


def test_a_time_in_the_future_is_doubtful_and_counts_nowhere() -> None:
    fast = visit(1)
    fast.observed_at = at(10, days=3)
    fast.arrive(at(11), dt.timedelta())
    assert (fast.day, fast.doubtful) == (DAY, True)
    assert truth_of(fast).unit(CELL, DAY, at(12))[1] == 0


def test_a_restored_server_forgets_what_came_after_the_backup() -> None:
    before, after = visit(1), visit(2)
    before.arrive(at(11), dt.timedelta())
    after.arrive(at(14), dt.timedelta())
    truth = truth_of(before, after)
    assert truth.forget_since(at(12)) == 1
    assert (before.arrived_at, after.arrived_at) == (at(11), None)


# --- the books and the line -----------------------------------------------------------------------------------------


def test_an_id_created_twice_is_a_difference_but_not_after_a_restore() -> None:
    books = Books(truth_of(visit(1)), DayClock())
    created = {"results": [{"id": "v1", "verdict": "created"}]}
    books.answered([{"id": "v1"}], created, skew=dt.timedelta())
    books.restored(at(0, days=-400))
    books.answered([{"id": "v1"}], created, skew=dt.timedelta())
    assert books.differences == []
    books.answered([{"id": "v1"}], created, skew=dt.timedelta())
    assert books.differences == ["v1 was created twice"]


def test_a_refusal_that_nobody_meant_is_a_difference() -> None:
    books = Books(truth_of(visit(1)), DayClock())
    books.answered([{"id": "v1"}], {"results": [{"verdict": "rejected", "code": "x"}]}, skew=dt.timedelta())
    assert books.differences == ["v1: rejected x"]


def test_without_network_nothing_goes_out_and_a_portal_answers_in_the_servers_place() -> None:
    line = Line(Books(truth_of(), DayClock()))
    with httpx.Client(transport=line, base_url="http://127.0.0.1:1") as phone:
        line.up = False
        with pytest.raises(httpx.ConnectError):
            phone.get("/")
        line.up, line.portal = True, 1
        assert "json" not in phone.get("/").headers["Content-Type"]
        with pytest.raises(httpx.ConnectError):
            phone.get("/")
