"""Business time (业务时间): real time plus an offset that demo mode may move.

Cut-offs, business days, due times and observation terms read this clock. Sessions, lockouts, TLS, heartbeats and
audit stamps read real time (`django.utils.timezone.now`). See docs/clock.md.
"""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from backend.core.models import ClockOffset

SHANGHAI = ZoneInfo("Asia/Shanghai")

# A moved clock reaches every process within this many seconds; a query per call would cost more than the wait.
_OFFSET_LIFETIME = 1.0
_cached: dict[str, tuple[float, float]] = {}
_NEVER = (-1e9, 0.0)
_standing: ContextVar[dt.datetime | None] = ContextVar("standing", default=None)


def offset_seconds() -> float:
    """How far business time runs ahead of real time, in seconds. Always 0 outside demo mode."""
    if not settings.DEMO_MODE:
        return 0.0
    read_at, seconds = _cached.get("offset", _NEVER)
    if time.monotonic() - read_at > _OFFSET_LIFETIME:
        row = ClockOffset.objects.filter(pk=ClockOffset.SINGLETON).values_list("seconds", flat=True).first()
        seconds = float(row or 0.0)
        _cached["offset"] = (time.monotonic(), seconds)
    return seconds


def forget_offset() -> None:
    """Drop the cached offset, after it was changed in this process."""
    _cached.clear()


def now() -> dt.datetime:
    """Business time as an aware datetime in UTC."""
    if (moment := _standing.get()) is not None:
        return moment
    return timezone.now() + dt.timedelta(seconds=offset_seconds())


@contextmanager
def standing_at(moment: dt.datetime) -> Iterator[None]:
    """Let business time stand at `moment` for the caller alone: how the demo writes its past. Demo mode only."""
    if not settings.DEMO_MODE:
        raise RuntimeError("business time stands still in demo mode only")
    token = _standing.set(moment.astimezone(dt.UTC))
    try:
        yield
    finally:
        _standing.reset(token)


def today() -> dt.date:
    """The business day that is running now, in Asia/Shanghai."""
    return business_day(now())


def business_day(moment: dt.datetime) -> dt.date:
    """The calendar day of an aware `moment` in Asia/Shanghai (业务日)."""
    return moment.astimezone(SHANGHAI).date()


def at(day: dt.date, wall_time: dt.time) -> dt.datetime:
    """The aware moment of `wall_time` on `day` in Asia/Shanghai."""
    return dt.datetime.combine(day, wall_time, tzinfo=SHANGHAI)
