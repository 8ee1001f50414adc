"""Business time (业务时间): real time plus an offset that demo mode may move.

Cut-offs, business days, due times and observation terms read this clock. Sessions, lockouts, TLS, heartbeats and
audit stamps read real time (`django.utils.timezone.now`). See docs/clock.md.
"""

import datetime as dt
import time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from backend.core.models import ClockOffset

SHANGHAI = ZoneInfo("Asia/Shanghai")

# A moved clock reaches every process within this many seconds; a query per call would cost more than the wait.
_OFFSET_LIFETIME = 1.0
_cached: tuple[float, float] = (-1e9, 0.0)


def offset_seconds() -> float:
    """How far business time runs ahead of real time, in seconds. Always 0 outside demo mode."""
    global _cached
    if not settings.DEMO_MODE:
        return 0.0
    read_at, seconds = _cached
    if time.monotonic() - read_at > _OFFSET_LIFETIME:
        row = ClockOffset.objects.filter(pk=ClockOffset.SINGLETON).values_list("seconds", flat=True).first()
        seconds = float(row or 0.0)
        _cached = (time.monotonic(), seconds)
    return seconds


def forget_offset() -> None:
    """Drop the cached offset, after it was changed in this process."""
    global _cached
    _cached = (-1e9, 0.0)


def now() -> dt.datetime:
    """Business time as an aware datetime in UTC."""
    return timezone.now() + dt.timedelta(seconds=offset_seconds())


def today() -> dt.date:
    """The business day that is running now, in Asia/Shanghai."""
    return business_day(now())


def business_day(moment: dt.datetime) -> dt.date:
    """The calendar day of an aware `moment` in Asia/Shanghai (业务日)."""
    return moment.astimezone(SHANGHAI).date()


def at(day: dt.date, wall_time: dt.time) -> dt.datetime:
    """The aware moment of `wall_time` on `day` in Asia/Shanghai."""
    return dt.datetime.combine(day, wall_time, tzinfo=SHANGHAI)
