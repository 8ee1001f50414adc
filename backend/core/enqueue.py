"""Enqueue by name: a hint to a Celery worker, never the only record that work is due. See docs/tasks.md.

The need itself is committed with the data (a `pending` row, a due time); a sweep finds what no message announced. So a
broker that is away costs delay, never an error.
"""

import enum
import logging
from typing import Any

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)


class TaskName(enum.StrEnum):
    """Every task that `backend` may ask for; a test holds that each is registered."""

    TICK = "celery_tasks.tick"
    REFRESH_TOUCHED = "celery_tasks.refresh_touched"


def enqueue_on_commit(name: TaskName, **kwargs: Any) -> None:
    """Ask for task `name` once the running transaction commits. `kwargs` are ids and plain values, never personal data.

    A failure to reach the broker is logged and ignored.
    """
    transaction.on_commit(lambda: _send(name, kwargs), robust=True)


def _send(name: TaskName, kwargs: dict[str, Any]) -> None:
    try:
        current_app.signature(name.value, kwargs=kwargs).apply_async(retry=False)
    except Exception as error:  # noqa: BLE001 - any broker failure has the same answer: the sweep will find the work
        logger.warning("task %s not announced: %s", name.value, type(error).__name__)
