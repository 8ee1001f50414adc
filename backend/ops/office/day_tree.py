"""The day's tree (日报总览): the frame of the page. Rows and records come from the reports API, in the same session."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from backend.accounts.choices import Capability
from backend.core import clock
from backend.core.admin import day_field
from backend.core.fields import is_region_code
from backend.core.office.directory import directory
from backend.reports.choices import Group
from backend.reports.indicators import indicators

Frame = Callable[[HttpRequest], dict[str, Any]]


class DayForm(forms.Form):
    """The field that the script reads; it is never submitted."""

    day = day_field("业务日")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].widget.attrs["aria-label"] = "业务日"


def day_tree_view(request: HttpRequest, *, frame: Frame) -> HttpResponse:
    """`?region=&day=&view=`: by default the user's own region, the day that closes today, and the main columns."""
    user: Any = request.user
    if not user.has_capability(Capability.REPORT_VIEW):
        raise PermissionDenied
    scope = user.scope(Capability.REPORT_VIEW)
    wanted = request.GET.get("region", "")
    region = wanted if is_region_code(wanted) and scope.covers(wanted) else next(iter(scope))
    today = clock.today()
    day = _day(request.GET.get("day", ""), today)
    groups = _groups()
    view = request.GET.get("view", "")
    context = {
        **frame(request),
        "title": "日报总览",
        "day_form": DayForm(initial={"day": day}),
        "tree": {
            "region": region,
            "path": [{"code": p.code, "name": p.name} for p in directory().path(region) if scope.covers(p.code)],
            "day": day.isoformat(),
            "today": today.isoformat(),
            "groups": groups,
            "main": [indicator.key for indicator in indicators() if indicator.main],
            "view": view if view in {"all", *(group["key"] for group in groups)} else "main",
            "roots": [{"code": p.code, "name": p.name} for p in directory().places(scope.prefixes)],
            "api": "/api/v1/reports/daily/",
        },
    }
    return TemplateResponse(request, "office/day_tree.html", context)


def _groups() -> list[dict[str, Any]]:
    """The columns in groups, as `[{key, name, keys}]`, in the order of the report."""
    return [
        {"key": group.value, "name": group.label, "keys": [i.key for i in indicators() if i.group is group]}
        for group in Group
    ]


def _day(text: str, today: dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return today - dt.timedelta(days=1)
    return min(day, today)
