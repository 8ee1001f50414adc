"""The tasks: each one call. See docs/tasks.md."""

from celery import shared_task

from backend.core.enqueue import TaskName
from backend.ops.jobs import jobs_run_due
from backend.reports.services import stock_touches_collect, touched_refresh
from celery_tasks.due import DUE


@shared_task(name=TaskName.TICK.value)
def tick() -> None:
    """Ask what is due, and do it."""
    jobs_run_due(jobs=DUE)


@shared_task(name=TaskName.REFRESH_TOUCHED.value)
def refresh_touched() -> None:
    """Bring the figures of touched cells up to now."""
    stock_touches_collect()
    touched_refresh()
