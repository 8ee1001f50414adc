"""手机日清: a line for each phone, a cell for each of its last days; who has not closed a day, and how old his last
contact is. See docs/receipts.md."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from backend.accounts.choices import Capability
from backend.accounts.models import Device
from backend.core import clock
from backend.core.admin import object_link
from backend.core.office.words import day_words, mark, quiet, span_words, time_words
from backend.sync.phones import PhoneDay, phone_days, with_open_days

DAYS = 7
PER_PAGE = 50
#: Hours without contact after which a phone is marked.
SILENT_HOURS = 24
Frame = Callable[[HttpRequest], dict[str, Any]]


def phones_view(request: HttpRequest, *, frame: Frame) -> HttpResponse:
    """`?only=open` leaves the phones with a day that is not closed; `?p=` turns the page."""
    user: Any = request.user
    if not user.has_capability(Capability.USER_VIEW):
        raise PermissionDenied
    today = clock.today()
    days = [today - dt.timedelta(days=n) for n in range(DAYS)]
    devices: QuerySet[Device] = Device.objects.visible_to(user, Capability.USER_VIEW).filter(revoked_at=None)
    only_open = request.GET.get("only") == "open"
    if only_open:
        devices = with_open_days(devices, since=days[-1])
    pages = Paginator(devices.select_related("user").order_by("-last_seen", "pk"), PER_PAGE)
    page = pages.get_page(request.GET.get("p"))
    found = phone_days([device.pk for device in page], days=days) if page.object_list else {}
    rows = [
        {
            "phone": object_link(device),
            "holder": object_link(device.user, device.user.display_name),
            "contact": _contact(device),
            "cells": [_cell(each, today) for each in found[device.pk]],
        }
        for device in page
    ]
    context = {
        **frame(request),
        "title": "手机日清",
        "days": [day_words(day) for day in days],
        "rows": rows,
        "page": page,
        "only_open": only_open,
    }
    return TemplateResponse(request, "office/phones.html", context)


def _contact(device: Device) -> Any:
    hours = (clock.now() - device.last_seen).total_seconds() / 3600
    if hours < SILENT_HOURS:
        return time_words(device.last_seen)
    return mark(f"{time_words(device.last_seen)}，已 {span_words(hours * 3600)}没有联系", "warn")


def _cell(day: PhoneDay, today: dt.date) -> Any:
    """已收齐 43 · 缺 2（共 43 条） · 待本人处理 1（共 43 条） · 未核对 40 · 无记录."""
    if day.blank:
        return quiet("无记录")
    if day.closed:
        return mark(f"已收齐 {day.stored}", "good")
    if day.missing:
        return mark(f"缺 {day.missing}（共 {day.made} 条）", "bad")
    if day.refused:
        return mark(f"待本人处理 {day.refused}（共 {day.made} 条）", "warn")
    return mark(f"未核对 {day.stored}", "calm" if day.day == today else "warn")
