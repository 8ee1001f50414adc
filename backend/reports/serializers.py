"""The wire shape of the day. docs/reports.md describes every field."""

from typing import Any

from rest_framework import serializers

from backend.core.body import StrictSerializer
from backend.regions.choices import Level
from backend.regions.models import Region
from backend.reports.choices import Confirm, Kind, State, Value
from backend.reports.indicators import indicators, shown
from backend.reports.models import DailyReport
from backend.reports.selectors import ChildRow, ReportPage
from backend.reports.tracing import Trace

_NO_FIGURES: dict[str, int] = {}


class DailyQuery(StrictSerializer):
    """Which unit's day: the first region of one's duties, and today, by default."""

    region = serializers.CharField(required=False, max_length=15)
    day = serializers.DateField(required=False)


class TraceQuery(StrictSerializer):
    """Which figure to walk down; `cursor` is the `next` of the page before."""

    indicator = serializers.CharField(max_length=40)
    cursor = serializers.CharField(required=False, max_length=200)


class SubmitShape(StrictSerializer):
    """What is confirmed: the report as it is, or that there is nothing to report."""

    confirm = serializers.ChoiceField(Confirm.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class UnitShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    level = serializers.ChoiceField(Level.choices)
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]


class IndicatorShape(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    duty = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)


class EvidenceShape(serializers.Serializer[Any]):
    facts = serializers.IntegerField()
    visits = serializers.IntegerField()
    checks = serializers.IntegerField()
    last_received_at = serializers.DateTimeField(allow_null=True)


class CorrectionShape(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    at = serializers.DateTimeField()
    changed = serializers.DictField(child=serializers.ListField(child=serializers.FloatField(allow_null=True)))


class ChildShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    level = serializers.ChoiceField(Level.choices)
    state = serializers.ChoiceField(State.choices)
    value = serializers.ChoiceField(Value.choices, allow_null=True)
    automatic = serializers.BooleanField()
    late = serializers.BooleanField()
    reported = serializers.IntegerField()
    expected = serializers.IntegerField()
    figures = serializers.DictField(child=serializers.FloatField(allow_null=True))
    has_children = serializers.BooleanField()


class DailyShape(serializers.Serializer[Any]):
    """A unit's day."""

    region = UnitShape()
    day = serializers.DateField()
    is_closed = serializers.BooleanField()
    cutoff = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(State.choices)
    value = serializers.ChoiceField(Value.choices, allow_null=True)
    automatic = serializers.BooleanField()
    late = serializers.BooleanField()
    revision = serializers.IntegerField(allow_null=True)
    reported = serializers.IntegerField()
    expected = serializers.IntegerField()
    figures = serializers.DictField(child=serializers.FloatField(allow_null=True))
    indicators = IndicatorShape(many=True)
    evidence = EvidenceShape()
    corrections = CorrectionShape(many=True)
    submitted_by = serializers.CharField(required=False)
    submitted_at = serializers.DateTimeField(required=False)
    can_submit = serializers.BooleanField()
    confirm_opens = serializers.DateTimeField(allow_null=True)
    confirm_ends = serializers.DateTimeField(allow_null=True)
    children = ChildShape(many=True)


class TraceRowShape(serializers.Serializer[Any]):
    """A unit (`kind` unit: `code`, `name`, `figure`) or a record."""

    kind = serializers.ChoiceField(["unit", "visit", "check", "returnee", "household", "alert"])


class TraceShape(serializers.Serializer[Any]):
    """What a figure is made of."""

    region = UnitShape()
    day = serializers.DateField()
    indicator = serializers.CharField()
    revision = serializers.IntegerField(allow_null=True)
    figure = serializers.FloatField(allow_null=True)
    rows = TraceRowShape(many=True)
    next = serializers.CharField(allow_null=True)


def unit_body(region: Region) -> dict[str, Any]:
    """A region as `UnitShape`."""
    return {"code": region.code, "name": region.name, "level": region.level, "parent": region.parent_code}


def figures_body(figures: dict[str, int]) -> dict[str, float | None]:
    """Every indicator; all null where there is no figure."""
    return shown(figures) if figures else dict.fromkeys(i.key for i in indicators())


def page_body(page: ReportPage) -> dict[str, Any]:
    """A unit's day as `DailyShape`."""
    report, window = page.report, page.window
    return {
        "region": unit_body(page.region),
        "day": page.day.isoformat(),
        "cutoff": window.due if window else None,
        **(_report_body(report) if report else _nothing()),
        "indicators": [
            {"key": i.key, "name": i.name, "unit": i.unit, "duty": i.duty, "kind": i.kind.value} for i in indicators()
        ],
        "corrections": [{"n": c.n, "at": c.at, "changed": c.changed} for c in page.corrections],
        "can_submit": page.can_submit,
        "confirm_opens": window.opens if window else None,
        "confirm_ends": window.ends if window else None,
        "children": [_child_body(child) for child in page.children],
    }


def _report_body(report: DailyReport) -> dict[str, Any]:
    body = {
        "is_closed": report.is_closed,
        "state": report.state,
        "value": report.value or None,
        "automatic": report.automatic,
        "late": report.late,
        "revision": report.revision or None,
        "reported": report.reported,
        "expected": report.expected,
        "figures": figures_body(report.figures),
        "evidence": {
            "facts": report.facts,
            "visits": report.visits,
            "checks": report.checks,
            "last_received_at": report.last_received_at,
        },
    }
    if report.confirmed_at:
        body |= {"submitted_by": report.confirmed_by_name, "submitted_at": report.confirmed_at}
    return body


def _nothing() -> dict[str, Any]:
    """A unit without cells: nothing expected, nothing missing."""
    return {
        "is_closed": False, "state": State.INACTIVE.value, "value": None, "automatic": False, "late": False,
        "revision": None, "reported": 0, "expected": 0, "figures": figures_body(_NO_FIGURES),
        "evidence": {"facts": 0, "visits": 0, "checks": 0, "last_received_at": None},
    }  # fmt: skip


def _child_body(child: ChildRow) -> dict[str, Any]:
    return {
        "code": child.code, "name": child.name, "level": child.level, "state": child.state, "value": child.value,
        "automatic": child.state == State.SUBMITTED, "late": child.late, "reported": child.reported,
        "expected": child.expected, "figures": figures_body(child.figures), "has_children": child.has_children,
    }  # fmt: skip


def trace_body(region: Region, day: Any, indicator: str, trace: Trace) -> dict[str, Any]:
    """A walk down as `TraceShape`."""
    return {
        "region": unit_body(region), "day": day.isoformat(), "indicator": indicator, "revision": trace.revision,
        "figure": trace.figure, "rows": trace.rows, "next": trace.next,
    }  # fmt: skip
