"""Asking what is due and doing it: jobs in order, each alone with its failure. See docs/tasks.md."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

from backend.core import clock
from backend.ops.models import JobRun

logger = logging.getLogger(__name__)

#: Days of a daily job that are made up for after an outage; before that, nobody is helped by it any more.
MAKE_UP_DAYS = 7


@dataclass(frozen=True, slots=True)
class Repeated:
    """A job that runs whenever `every` has passed since it last finished."""

    name: str
    run: Callable[[], object]
    every: dt.timedelta


@dataclass(frozen=True, slots=True)
class Daily:
    """A job that runs once for each business day, from `at` o'clock of that day; lost days first."""

    name: str
    run: Callable[[dt.date], object]
    at: dt.time = dt.time(0, 5)


Job = Repeated | Daily


def jobs_run_due(*, jobs: Sequence[Job]) -> dict[str, str]:
    """Run every one of `jobs` that is due, in order. Returns `{name: "done" | "failed" | "busy"}` of those.

    A job that fails is logged by the type of its error and tried again at the next call; the others run all the same. A
    job that another worker is doing is left to it.
    """
    outcome: dict[str, str] = {}
    for job in jobs:
        try:
            with _alone(job.name) as mine:
                if not mine:
                    outcome[job.name] = "busy"
                elif _run(job):
                    outcome[job.name] = "done"
        except Exception as error:  # noqa: BLE001 - whatever one job does wrong, the next must run
            outcome[job.name] = "failed"
            logger.error("job %s failed: %s", job.name, type(error).__name__)
            _note_failure(job.name, error)
    return outcome


def _run(job: Job) -> bool:
    """Run `job` if it is due. True when it ran."""
    now = clock.now()
    last = JobRun.objects.filter(pk=job.name).first()
    if isinstance(job, Repeated):
        finished = last.finished_at if last else None
        # A clock that was moved back must not put a job to sleep until it has caught up.
        if finished is not None and finished <= now < finished + job.every:
            return False
        job.run()
        _note(job.name, now, None)
        return True
    days = list(_days(last.day if last else None, now, job.at))
    for day in days:
        job.run(day)
        _note(job.name, now, day)
    return bool(days)


def _days(last: dt.date | None, now: dt.datetime, at: dt.time) -> Iterator[dt.date]:
    """The days still to be done: from the one after `last` to the one whose hour has come."""
    today = clock.business_day(now)
    newest = today if now >= clock.at(today, at) else today - dt.timedelta(days=1)
    day = newest if last is None else max(last + dt.timedelta(days=1), newest - dt.timedelta(days=MAKE_UP_DAYS - 1))
    while day <= newest:
        yield day
        day += dt.timedelta(days=1)


@contextmanager
def _alone(name: str) -> Iterator[bool]:
    """Whether this session alone may run the job `name`; the lock goes with the session, however it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('job'), hashtext(%s))", [name])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('job'), hashtext(%s))", [name])


def _note(name: str, now: dt.datetime, day: dt.date | None) -> None:
    values = {"finished_at": now, "failures": 0, "error": "", **({"day": day} if day else {})}
    JobRun.objects.update_or_create(name=name, defaults=values)


def _note_failure(name: str, error: Exception) -> None:
    try:
        connection.close_if_unusable_or_obsolete()
        row, _ = JobRun.objects.get_or_create(name=name)
        row.failures += 1
        row.error = type(error).__name__[:80]
        row.save(update_fields=["failures", "error"])
    except Exception as again:  # noqa: BLE001 - the database itself is away; the next call asks anew
        logger.error("failure of job %s not noted: %s", name, type(again).__name__)
