"""Asking what is due: each job alone with its failure, at its own pace, lost days made up for."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections

from backend.core import clock
from backend.ops.jobs import MAKE_UP_DAYS, Daily, Repeated, jobs_run_due
from backend.ops.models import JobRun
from celery_tasks.due import DUE
from celery_tasks.tasks import refresh_touched, tick

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


class Clock:
    now = dt.datetime(2026, 11, 20, 12, tzinfo=clock.SHANGHAI)


@pytest.fixture(autouse=True)
def moving(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Clock]]:
    monkeypatch.setattr(clock, "now", lambda: Clock.now)
    yield Clock
    Clock.now = dt.datetime(2026, 11, 20, 12, tzinfo=clock.SHANGHAI)


def test_one_failure_does_not_stop_the_others() -> None:
    done: list[str] = []

    def broken() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    jobs = (
        Repeated("first", lambda: done.append("first"), HOUR),
        Repeated("broken", broken, HOUR),
        Repeated("last", lambda: done.append("last"), HOUR),
    )
    assert jobs_run_due(jobs=jobs) == {"first": "done", "broken": "failed", "last": "done"}
    assert done == ["first", "last"]
    run = JobRun.objects.get(pk="broken")
    assert (run.failures, run.error, run.finished_at) == (1, "DataError", None)
    assert jobs_run_due(jobs=jobs) == {"broken": "failed"}
    assert JobRun.objects.get(pk="broken").failures == 2


def test_a_repeated_job_keeps_its_pace_and_survives_a_clock_moved_back(moving: type[Clock]) -> None:
    jobs = (Repeated("job", lambda: None, HOUR),)
    ran = []
    for minutes in (0, 59, 61, -600):
        moving.now = dt.datetime(2026, 11, 20, 12, tzinfo=clock.SHANGHAI) + dt.timedelta(minutes=minutes)
        ran.append(bool(jobs_run_due(jobs=jobs)))
    assert ran == [True, False, True, True]


def test_a_daily_job_waits_for_its_hour_and_makes_up_for_lost_days(moving: type[Clock]) -> None:
    days: list[dt.date] = []
    jobs = (Daily("job", days.append, at=dt.time(7)),)
    moving.now = dt.datetime(2026, 11, 20, 6, tzinfo=clock.SHANGHAI)
    jobs_run_due(jobs=jobs)
    assert days == [dt.date(2026, 11, 19)]
    moving.now = dt.datetime(2026, 11, 23, 8, tzinfo=clock.SHANGHAI)
    jobs_run_due(jobs=jobs)
    jobs_run_due(jobs=jobs)
    assert days[1:] == [dt.date(2026, 11, d) for d in (20, 21, 22, 23)]
    moving.now = dt.datetime(2027, 11, 23, 8, tzinfo=clock.SHANGHAI)
    jobs_run_due(jobs=jobs)
    assert len(days) == 5 + MAKE_UP_DAYS


def test_a_daily_job_that_fails_half_way_goes_on_where_it_stopped(moving: type[Clock]) -> None:
    days: list[dt.date] = []

    def fails_on_the_21st(day: dt.date) -> None:
        if day.day == 21 and len(days) < 2:
            days.append(day)
            raise RuntimeError
        days.append(day)

    jobs = (Daily("job", fails_on_the_21st),)
    jobs_run_due(jobs=jobs)
    moving.now += dt.timedelta(days=2)
    assert jobs_run_due(jobs=jobs) == {"job": "failed"}
    assert jobs_run_due(jobs=jobs) == {"job": "done"}
    assert [day.day for day in days] == [20, 21, 21, 22]


def test_a_job_that_another_worker_is_doing_is_left_to_it() -> None:
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('job'), hashtext('job'))")
        jobs = (Repeated("job", lambda: None, HOUR),)
        assert jobs_run_due(jobs=jobs) == {"job": "busy"}
    finally:
        other.close()


def test_every_job_of_the_product_runs_on_an_empty_and_on_a_small_database(policies: Any, tree: Any) -> None:
    outcome = jobs_run_due(jobs=DUE)
    assert set(outcome.values()) == {"done"}
    assert len(outcome) == len(DUE)
    tick()
    refresh_touched()
