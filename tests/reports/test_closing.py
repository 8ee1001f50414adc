"""Closings under bad luck: two workers at once, a worker that dies half-way, records that commit late, lost days."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from backend.facts.models import TouchedCell
from backend.facts.services import cells_touch
from backend.policies.selectors import PolicyMissingError
from backend.reports.models import DailyReport, ReportDay, ReportRevision
from backend.reports.services import closing as closing_service
from backend.reports.services import (
    day_advance,
    reports_advance,
    rollup,
    stock_touches_collect,
    touched_refresh,
    touches,
)
from tests.conftest import CELL, OTHER_CELL
from tests.reports.conftest import DAY, PROVINCE, World, moment


def test_a_worker_that_dies_half_way_leaves_a_state_to_go_on_from(world: World, monkeypatch: Any) -> None:
    world.visit()
    world.at(1, "06:00").advance()
    world.at(1, "12:00")
    original, calls = rollup.rollup_sql.revise, []

    def dies_in_the_third_closing() -> tuple[str, str]:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError
        return original()

    with monkeypatch.context() as patch:
        patch.setattr(rollup.rollup_sql, "revise", dies_in_the_third_closing)
        with pytest.raises(RuntimeError), transaction.atomic():
            day_advance(province=PROVINCE, day=DAY)
    assert ReportDay.objects.get().levels_closed == 0
    world.advance()
    assert ReportDay.objects.get().levels_closed == 6
    assert set(ReportRevision.objects.values_list("n", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_committed_closings_stay_when_a_later_one_fails(world: World, monkeypatch: Any) -> None:
    world.visit()
    world.at(1, "12:00")
    original, calls = closing_service.rollup_run, []

    def dies(*, step: Any) -> int:
        calls.append(step)
        if len(calls) == 4:
            raise RuntimeError
        return original(step=step)

    with monkeypatch.context() as patch:
        patch.setattr(closing_service, "rollup_run", dies)
        with pytest.raises(RuntimeError):
            day_advance(province=PROVINCE, day=DAY)
    assert ReportDay.objects.get().levels_closed == 3
    world.advance()
    assert ReportDay.objects.get().levels_closed == 6
    assert ReportRevision.objects.filter(region_code=PROVINCE).count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_write_each_revision_once(world: World) -> None:
    world.visit()
    world.visit(OTHER_CELL)
    world.at(1, "12:00")
    errors: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(3):
                day_advance(province=PROVINCE, day=DAY)
        except Exception as error:  # noqa: BLE001 - handed to the test
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert ReportDay.objects.get().levels_closed == 6
    assert ReportRevision.objects.count() == DailyReport.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_touch_that_commits_while_its_cell_is_counted_is_not_lost(world: World, monkeypatch: Any) -> None:
    """The sweep has read and counted the cell; before it lets it go, another upload touches it: the row must stay."""
    world.visit()
    original = rollup._count

    def counts_and_is_overtaken(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        other = threading.Thread(target=_touch_in_another_session)
        other.start()
        other.join()

    monkeypatch.setattr(rollup, "_count", counts_and_is_overtaken)
    world.at(0, "12:01").advance()
    assert TouchedCell.objects.count() == 1
    monkeypatch.setattr(rollup, "_count", original)
    world.at(0, "12:02").advance()
    assert TouchedCell.objects.count() == 0


def _touch_in_another_session() -> None:
    try:
        cells_touch(touched=[(DAY, CELL)])
    finally:
        connections.close_all()


def test_the_close_waits_a_moment_and_counts_up_to_the_cutoff_only(world: World) -> None:
    world.at(1, "06:59:59").visit(fever_count=1)
    world.at(1, "07:00:02").visit(fever_count=1)
    world.at(1, "07:00:03").advance()
    assert ReportDay.objects.get().levels_closed == 0
    assert world.report(CELL).figures["fever"] == 1
    world.at(1, "07:00:10").advance()
    first = ReportRevision.objects.get(region_code=CELL, n=1)
    assert (first.figures["fever"], first.as_of) == (1, moment(1, "07:00"))
    assert world.report(CELL).figures["fever"] == 2


@pytest.mark.django_db(transaction=True)
def test_the_close_waits_for_a_record_that_is_being_written(world: World, monkeypatch: Any) -> None:
    world.visit()
    real_now = dt.datetime.now(dt.UTC)
    cutoff = moment(1, "07:00")
    began = threading.Event()
    finish = threading.Event()

    def writes_slowly() -> None:
        try:
            with transaction.atomic():
                cells_touch(touched=[(DAY, OTHER_CELL)])
                began.set()
                finish.wait(10)
        finally:
            connections.close_all()

    writer = threading.Thread(target=writes_slowly)
    writer.start()
    began.wait(10)
    # Business time: the cut-off passed six seconds ago, and the writer began before it.
    monkeypatch.setattr(closing_service, "_writers_since_before", _began_before(real_now))
    world.now = cutoff + dt.timedelta(seconds=6)
    world.advance()
    assert ReportDay.objects.get().levels_closed == 0
    finish.set()
    writer.join()
    world.advance()
    assert ReportDay.objects.get().levels_closed == 1


def _began_before(moment_of_cutoff: dt.datetime) -> Any:
    """The real question, asked about a cut-off that lies where the test says."""
    original = closing_service._writers_since_before
    return lambda elapsed: original(dt.datetime.now(dt.UTC) - moment_of_cutoff - dt.timedelta(seconds=1))


def test_days_lost_in_an_outage_are_closed_in_order(world: World) -> None:
    world.visit()
    world.at(0, "20:00")
    reports_advance()
    world.at(4, "15:00")
    world.visit(day=DAY + dt.timedelta(days=2))
    reports_advance()
    days = dict(ReportDay.objects.values_list("business_day", "levels_closed"))
    assert days == {DAY + dt.timedelta(days=n): 6 if n < 4 else 0 for n in range(5)}
    assert world.report(PROVINCE, DAY + dt.timedelta(days=1)).value == "missing"
    assert world.report(PROVINCE, DAY + dt.timedelta(days=2)).late


def test_a_day_that_no_pack_speaks_of_does_not_hold_up_the_others(world: World) -> None:
    world.visit(day=dt.date(2019, 1, 1))
    world.visit()
    with pytest.raises(PolicyMissingError):
        touched_refresh()
    assert world.report(CELL).figures["reached"] == 1


def test_the_sweep_looks_only_where_something_arrived(world: World, django_assert_num_queries: Any) -> None:
    world.visit()
    assert touched_refresh() == 1
    with django_assert_num_queries(1):
        assert touched_refresh() == 0


def test_changes_of_stock_reach_the_open_day(world: World) -> None:
    world.visit()
    stock_touches_collect()
    world.advance()
    before = world.report(CELL).figures
    world.at(0, "12:05").household()
    person = world.person()
    world.at(0, "12:06").monitoring(person)
    TouchedCell.objects.all().delete()
    _commit_is_visible(stock_touches_collect)
    assert TouchedCell.objects.filter(region_code=CELL, business_day=DAY).exists()
    world.at(0, "12:07").advance()
    after = world.report(CELL).figures
    assert (before["households"], after["households"]) == (0, 1)
    assert (before["under_monitoring"], after["under_monitoring"]) == (0, 1)
    assert stock_touches_collect() == 0


def _commit_is_visible(collect: Any) -> None:
    """A test is one transaction, whose own rows lie above the xmin: look up to the transaction after it."""
    watches = touches.WATCHES
    beyond = "SELECT pg_current_xact_id()::text::bigint + 1"
    touches.WATCHES = tuple(
        touches.Watch(w.source, beyond if w.upto == touches._XMIN else w.upto, w.pairs) for w in watches
    )
    try:
        collect()
    finally:
        touches.WATCHES = watches


def test_an_idle_system_writes_nothing(world: World) -> None:
    world.visit()
    stock_touches_collect()
    world.advance()
    _commit_is_visible(stock_touches_collect)
    world.advance()
    with CaptureQueriesContext(connection) as queries:
        stock_touches_collect()
        touched_refresh()
    written = [q["sql"] for q in queries if q["sql"].startswith(("UPDATE", 'INSERT INTO "reports', "DELETE"))]
    assert not written
