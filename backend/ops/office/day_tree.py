"""The day's tree (日报总览): the frame of the page. Rows and records come from the reports API, in the same session."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from backend.accounts.choices import Capability
from backend.core import clock
from backend.core.fields import is_region_code
from backend.core.office.directory import directory

Frame = Callable[[HttpRequest], dict[str, Any]]


def day_tree_view(request: HttpRequest, *, frame: Frame) -> HttpResponse:
    """`?region=&day=`: by default the user's own region and yesterday, the day that closes today."""
    user: Any = request.user
    if not user.has_capability(Capability.REPORT_VIEW):
        raise PermissionDenied
    scope = user.scope(Capability.REPORT_VIEW)
    wanted = request.GET.get("region", "")
    region = wanted if is_region_code(wanted) and scope.covers(wanted) else next(iter(scope))
    today = clock.today()
    context = {
        **frame(request),
        "title": "日报总览",
        "tree": {
            "region": region,
            "day": _day(request.GET.get("day", ""), today).isoformat(),
            "today": today.isoformat(),
            "roots": [{"code": p.code, "name": p.name} for p in directory().places(scope.prefixes)],
            "api": "/api/v1/reports/daily/",
        },
    }
    return TemplateResponse(request, "office/day_tree.html", context)


def _day(text: str, today: dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return today - dt.timedelta(days=1)
    return min(day, today)
