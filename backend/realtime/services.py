"""The doorbell (门铃): tells every web process that there is something to read in the database. See docs/realtime.md.

A ring carries no alert. It is given after the commit, fails quietly, and whatever it failed to announce is found by the
safety poll.
"""

import json
import logging
import time

import redis
from django.conf import settings
from django.db import transaction

from backend.realtime.redis import client

logger = logging.getLogger(__name__)

#: After a failed ring no other is tried for this many seconds: a request never pays twice for a Redis that is away.
_PAUSE = 1.0
_quiet = {"until": 0.0}


def channel() -> str:
    """The pub/sub channel of this database: several installations may share one Redis."""
    return f"gridkeeper:{settings.DATABASES['default']['NAME']}:ring"


def ring_on_commit() -> None:
    """Once the running transaction commits: new events are in the log. Rings once however often it was asked."""
    connection = transaction.get_connection()
    pending = any(entry[1] is _ring_events for entry in connection.run_on_commit)
    if not pending:
        transaction.on_commit(_ring_events, robust=True)


def duties_changed(user_id: int) -> None:
    """Sockets of this user look at the user's duties and session again, now."""
    _ring({"user": user_id})


def signed_out(user_id: int) -> None:
    """Sockets of this user whose session ended close, now."""
    _ring({"user": user_id})


def _ring_events() -> None:
    _ring({})


def _ring(message: dict[str, int]) -> None:
    if time.monotonic() < _quiet["until"]:
        return
    try:
        client().publish(channel(), json.dumps(message))
    except redis.RedisError as error:
        _quiet["until"] = time.monotonic() + _PAUSE
        logger.warning("ring not given: %s", type(error).__name__)
