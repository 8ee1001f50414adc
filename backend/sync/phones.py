"""Phones by day (手机日清), for the office: what each one's days look like, and which are not closed. Duty E2."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet

from backend.accounts.models import Device
from backend.core import clock
from backend.facts.choices import Verdict
from backend.facts.models import SyncItem
from backend.sync.models import DayClosing


@dataclass(frozen=True, slots=True)
class PhoneDay:
    """One phone and day. `stored`: records the server holds; `closings`: the last comparison of each of its users."""

    day: dt.date
    stored: int
    closings: tuple[DayClosing, ...]

    @property
    def made(self) -> int:
        return sum(closing.made for closing in self.closings)

    @property
    def missing(self) -> int:
        return sum(closing.missing for closing in self.closings)

    @property
    def refused(self) -> int:
        return sum(closing.refused for closing in self.closings)

    @property
    def closed(self) -> bool:
        """Closed by everybody who used the phone, and nothing arrived since."""
        known = sum(closing.confirmed + closing.forgotten for closing in self.closings)
        return bool(self.closings) and all(c.closed_at for c in self.closings) and self.stored <= known

    @property
    def blank(self) -> bool:
        return not self.stored and not self.closings


def phone_days(devices: Sequence[uuid.UUID], *, days: Sequence[dt.date]) -> dict[uuid.UUID, list[PhoneDay]]:
    """Each device's `days`, in their order. Two queries."""
    within = {"device_id__in": devices, "day__range": (min(days), max(days))}
    counted = SyncItem.objects.filter(**within, verdict=Verdict.CREATED).values_list("device_id", "day")
    stored = {(device, day): count for device, day, count in counted.annotate(count=Count("pk"))}
    closings: dict[tuple[uuid.UUID, dt.date], list[DayClosing]] = {}
    for row in DayClosing.objects.filter(**within):
        closings.setdefault((row.device_id, row.day), []).append(row)
    return {
        device: [PhoneDay(day, stored.get((device, day), 0), tuple(closings.get((device, day), ()))) for day in days]
        for device in devices
    }


def with_open_days(devices: QuerySet[Device], *, since: dt.date) -> QuerySet[Device]:
    """Those of `devices` that sent records on a day from `since` to yesterday which is not closed."""
    closed = DayClosing.objects.filter(
        device_id=OuterRef("device_id"), author_id=OuterRef("author_id"), day=OuterRef("day"), closed_at__isnull=False
    )  # fmt: skip
    unclosed = SyncItem.objects.filter(
        ~Exists(closed), device_id=OuterRef("pk"), day__gte=since, day__lt=clock.today(), verdict=Verdict.CREATED
    )  # fmt: skip
    missing = DayClosing.objects.filter(
        device_id=OuterRef("pk"), day__gte=since, day__lt=clock.today(), closed_at__isnull=True
    )  # fmt: skip
    return devices.filter(Exists(unclosed) | Exists(missing))
