"""Moving business time (拨动业务时间), in demo mode only. See docs/clock.md."""

import datetime as dt
import time

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from backend.audit.services import audit_record
from backend.core import clock
from backend.core.enqueue import TaskName, enqueue_on_commit
from backend.core.models import ClockOffset

#: Partitions are kept this far around the day that business time shows.
_AROUND = dt.timedelta(days=62)
#: Every process has read the new offset after this many seconds.
_NOTICED = 1.1


def clock_move(*, offset: dt.timedelta) -> None:
    """Let business time run ahead of real time by `offset`, and what has come due be done.

    Returns when every process shows the new time. Raises RuntimeError outside demo mode.
    """
    if not settings.DEMO_MODE:
        raise RuntimeError("business time moves in demo mode only")
    with transaction.atomic():
        ClockOffset.objects.update_or_create(pk=ClockOffset.SINGLETON, defaults={"seconds": offset.total_seconds()})
        audit_record(
            actor=None, action="time_travelled", target_kind="clock", target_id=ClockOffset.SINGLETON,
            detail={"seconds": round(offset.total_seconds())},
        )  # fmt: skip
    clock.forget_offset()
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_make_partitions(%s, %s)", [today - _AROUND, today + _AROUND])
    time.sleep(_NOTICED)
    enqueue_on_commit(TaskName.TICK)


def clock_move_to(*, moment: dt.datetime) -> None:
    """`clock_move` so that business time shows `moment` now."""
    clock_move(offset=moment - timezone.now())
