"""The street office's morning (今日工作): four figures, reports still missing, clocks, returnees of today."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse

from backend.accounts.choices import Capability
from backend.alerts.choices import State as AlertState
from backend.alerts.models import Alert
from backend.alerts.selectors import by_urgency
from backend.core import clock
from backend.core.admin import name_places
from backend.core.fields import is_region_code
from backend.core.office.directory import directory
from backend.core.office.trend import trend_line
from backend.core.office.words import time_words
from backend.core.scope import Scope
from backend.ops.office.navigation import sidebar
from backend.regions.choices import Level
from backend.reports.choices import State
from backend.reports.models import DailyReport
from backend.returnees.models import Returnee

#: Days of the small lines beside the figures.
TREND_DAYS = 14
#: Rows of each list on the page.
ROWS = 8
#: From the township down the cells themselves are listed; above it, the units below with their counts.
_CELLS_LISTED_FROM = 9


def landing_context(request: HttpRequest) -> dict[str, Any]:
    """Everything the landing page shows, for `?region=` or the first region of the user's duties."""
    user: Any = request.user
    scope: Scope = user.scope()
    wanted = request.GET.get("region", "")
    region = wanted if is_region_code(wanted) and scope.covers(wanted) else next(iter(scope), "")
    today = clock.today()
    context: dict[str, Any] = {
        "region": region,
        "region_name": directory().names([region]).get(region, region) if region else "",
        "roots": directory().places(scope.prefixes) if len(scope.prefixes) > 1 else [],
        "now": time_words(clock.now()),
        "day_tree_url": f"{reverse('admin:day_tree')}?region={region}",
        "yesterday": (today - dt.timedelta(days=1)).isoformat(),
        "today": today.isoformat(),
    }
    if not region:
        return context
    within = Scope.of([region])
    if user.has_capability(Capability.REPORT_VIEW, region):
        context["figures"] = _figures(region, today)
        context["missing"] = _missing(region, within, today - dt.timedelta(days=1))
        context["silent"] = _silent(region, within, today)
        context["progress"] = _progress(region, today)
    if user.has_capability(Capability.ALERT_VIEW, region):
        context["alerts"] = _alerts(user, within)
    if user.has_capability(Capability.RETURNEE_VIEW, region):
        context["returnees"] = _returnees(user, within, today)
    if not {"figures", "alerts", "returnees"} & context.keys():
        # Who keeps users and rules has no day of his own: the page leads to what he keeps.
        context["desks"] = [
            item for group in sidebar(request) for item in group["items"] if item["permission"](request)
        ][1:]
    return context


def _figures(region: str, today: dt.date) -> list[dict[str, Any]]:
    """The four figures of today with what they are out of, and the line of the two weeks before.

    Today is not in the line: a day that is still running would always look like a fall.
    """
    since = today - dt.timedelta(days=TREND_DAYS)
    rows = {
        row.business_day: row
        for row in DailyReport.objects.filter(region_code=region, business_day__range=(since, today))
    }
    days = [since + dt.timedelta(days=n) for n in range(TREND_DAYS)]
    now = rows.get(today)

    def figure(key: str) -> int | None:
        return now.figures.get(key) if now is not None else None

    def line(key: str, base: str = "") -> str:
        values = [_share(rows.get(day), key, base) for day in days]
        return trend_line(values, percent=bool(base))

    below = f"?region={region}"
    return [
        {
            "title": "今日已走访", "value": figure("reached"), "base": figure("households"), "unit": "户",
            "line": line("reached", "households"),
            "url": f"{reverse('admin:visits_visit_changelist')}{below}&day=today",
        },
        {
            "title": "今日体温监测", "value": figure("checks_done"), "base": figure("checks_due"), "unit": "人次",
            "line": line("checks_done", "checks_due"),
            "url": f"{reverse('admin:health_monitoring_changelist')}{below}&state=active",
        },
        {
            "title": "今日发热、有症状", "value": _sum(figure("fever"), figure("symptoms")), "unit": "人次",
            "note": f"新增预警 {figure('alerts_raised') or 0} 条",
            "line": line("symptoms"),
            "url": f"{reverse('admin:alerts_alert_changelist')}{below}",
        },
        {
            "title": "在本地返乡人员", "value": figure("returnees_present"), "unit": "人",
            "note": f"健康监测中 {figure('under_monitoring') or 0} 人",
            "line": line("returnees_present"),
            "url": f"{reverse('admin:returnees_returnee_changelist')}{below}&state=present",
        },
    ]  # fmt: skip


def _sum(*figures: int | None) -> int | None:
    return None if any(figure is None for figure in figures) else sum(figure or 0 for figure in figures)


def _share(row: DailyReport | None, key: str, base: str) -> float | None:
    value = row.figures.get(key) if row is not None else None
    if value is None or not base:
        return value
    whole = row.figures.get(base) if row is not None else None
    return 100 * value / whole if whole else None


def _missing(region: str, within: Scope, day: dt.date) -> dict[str, Any]:
    """Units that owe the report of `day`. While their level is open, till the next morning, they may still come."""
    rows = DailyReport.objects.within(within).filter(business_day=day, reported__lt=F("expected"))
    owing = rows.filter(level=Level.GRID) if len(region) >= _CELLS_LISTED_FROM else rows.filter(parent_code=region)
    whole = DailyReport.objects.filter(business_day=day, region_code=region).first()
    return _owed(whole, owing.order_by("region_code"), day)


def _silent(region: str, within: Scope, day: dt.date) -> dict[str, Any]:
    """Cells from which nothing has come yet on the running day."""
    rows = DailyReport.objects.within(within).filter(business_day=day)
    if len(region) >= _CELLS_LISTED_FROM:
        owing = rows.filter(level=Level.GRID, state=State.RUNNING, facts=0)
    else:
        owing = rows.filter(parent_code=region, reported__lt=F("expected"))
    return _owed(rows.filter(region_code=region).first(), owing.order_by("region_code"), day)


def _owed(whole: DailyReport | None, owing: Any, day: dt.date) -> dict[str, Any]:
    listed: Sequence[DailyReport] = list(owing[: ROWS + 1])
    name_places(listed)
    return {
        "day": day.isoformat(),
        "reported": whole.reported if whole else None,
        "expected": whole.expected if whole else None,
        "exempted": whole.exempted if whole else 0,
        "rows": listed[:ROWS],
        "count": owing.count() if len(listed) > ROWS else len(listed),
    }


def _progress(region: str, day: dt.date) -> list[dict[str, Any]]:
    """How far each unit directly below has come today: households reached, temperatures taken."""
    rows = list(DailyReport.objects.filter(business_day=day, parent_code=region).order_by("region_code"))
    names = directory().names([row.region_code for row in rows])
    return [
        {
            "code": row.region_code,
            "name": names.get(row.region_code, row.region_code),
            "state": row.state,
            "reached": row.figures.get("reached"),
            "households": row.figures.get("households"),
            "percent": _share(row, "reached", "households"),
            "checks_done": row.figures.get("checks_done"),
            "checks_due": row.figures.get("checks_due"),
        }
        for row in rows
    ]


def _alerts(user: Any, within: Scope) -> dict[str, Any]:
    """Unfinished alerts: those nobody has taken on first, by what is left of their clock."""
    rows = Alert.objects.visible_to(user, Capability.ALERT_VIEW).within(within).unfinished()
    listed = list(rows.order_by(*by_urgency())[:ROWS])
    name_places(listed)
    return {
        "rows": listed,
        "open": rows.filter(state=AlertState.OPEN).count(),
        "acknowledged": rows.filter(state=AlertState.ACKNOWLEDGED).count(),
        "overdue": rows.filter(state=AlertState.OPEN, due_at__lt=clock.now()).count(),
    }


def _returnees(user: Any, within: Scope, today: dt.date) -> dict[str, Any]:
    rows = Returnee.objects.visible_to(user, Capability.RETURNEE_VIEW).within(within).filter(registered_day=today)
    listed = list(rows.select_related("person", "person__household").order_by("-received_at")[:ROWS])
    name_places(listed)
    return {"rows": listed, "count": rows.count()}
