"""Reads of the day: one unit with its children, and what was corrected. See docs/reports.md.

A page costs the same few queries at every level, however many units lie below.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec

from backend.accounts.choices import Capability
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import is_region_code
from backend.core.sql import fetch
from backend.policies.selectors import PolicyMissingError
from backend.regions.models import Region
from backend.reports.choices import State
from backend.reports.cutoffs import Window, window_of
from backend.reports.indicators import shown
from backend.reports.models import DailyReport, ReportRevision

#: Corrections shown with a report, the latest ones.
CORRECTIONS = 50


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A unit directly below: its report of the day, if it has one."""

    code: str
    name: str
    level: str
    state: str
    value: str | None
    late: bool
    reported: int
    expected: int
    figures: dict[str, int]
    has_children: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """What a later revision changed: `{indicator: [before, after]}`."""

    n: int
    at: dt.datetime
    changed: dict[str, list[float | None]]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A unit's day. `report` is None where no cell lies below; `window` None where no pack speaks of the day."""

    region: Region
    day: dt.date
    report: DailyReport | None
    window: Window | None
    can_submit: bool
    children: Sequence[ChildRow] = ()
    corrections: Sequence[Correction] = field(default_factory=tuple)


def region_for_report(user: Any, code: str | None, capability: Capability = Capability.REPORT_VIEW) -> Region:
    """The region `code`, if `user` holds `capability` there; without a code, the first region in which he does.

    Raises `bad_region_code` and `not_found`.
    """
    if not code:
        code = next(iter(user.scope(capability)), "")
    if not is_region_code(code):
        raise ApiError(ErrorCode.BAD_REGION_CODE, field="region")
    region = Region.objects.visible_to(user, capability).filter(pk=code, placeholder=False).first()
    if region is None:
        raise ApiError(ErrorCode.NOT_FOUND, field="region")
    return region


def report_page(*, user: Any, region: Region, day: dt.date) -> ReportPage:
    """Everything the page of `region`'s `day` shows. Raises `bad_field` for a day that has not come."""
    if day > clock.today():
        raise ApiError(ErrorCode.BAD_FIELD, field="day", message="这一天还没有到。")
    report = _report(region.code, day)
    try:
        window = window_of(region.code, region.parent_code, day)
    except PolicyMissingError:
        window = None
    return ReportPage(
        region=region,
        day=day,
        report=report,
        window=window,
        can_submit=_can_submit(user, report, window),
        children=_children(region.code, day),
        corrections=_corrections(report),
    )


_COLUMNS = tuple(field.attname for field in DailyReport._meta.concrete_fields)
_REPORT = (
    f"SELECT {', '.join(_COLUMNS)} FROM reports_dailyreport WHERE business_day = %(day)s AND region_code = %(code)s"
)
_figures = msgspec.json.Decoder(dict[str, int])


def _report(code: str, day: dt.date) -> DailyReport | None:
    rows = fetch(_REPORT, {"code": code, "day": day})
    if not rows:
        return None
    values = dict(zip(_COLUMNS, rows[0], strict=True))
    # JSON read without the ORM arrives as text.
    values["figures"] = _figures.decode(values["figures"])
    return DailyReport.from_db("default", _COLUMNS, list(values.values()))


def _can_submit(user: Any, report: DailyReport | None, window: Window | None) -> bool:
    if report is None or window is None or report.state == State.CONFIRMED:
        return False
    may = user.has_capability(Capability.REPORT_SUBMIT, report.region_code)
    return bool(may) and window.opens <= clock.now() < window.ends


_CHILDREN = """
SELECT r.code, r.name, r.level, coalesce(d.state, %(inactive)s), nullif(d.value, ''), coalesce(d.late, false),
       coalesce(d.reported, 0), coalesce(d.expected, 0), coalesce(d.figures, '{}'),
       EXISTS (SELECT FROM regions_region below WHERE below.parent_code = r.code AND NOT below.placeholder)
FROM regions_region r LEFT JOIN LATERAL (
  SELECT * FROM reports_dailyreport WHERE business_day = %(day)s AND region_code = r.code OFFSET 0
) d ON true
WHERE r.parent_code = %(code)s AND NOT r.placeholder
  AND (d.region_code IS NOT NULL
       OR (r.valid_from IS NULL OR r.valid_from <= %(day)s) AND (r.valid_to IS NULL OR r.valid_to >= %(day)s))
ORDER BY r.code
"""


def _children(code: str, day: dt.date) -> list[ChildRow]:
    rows = fetch(_CHILDREN, {"inactive": State.INACTIVE.value, "code": code, "day": day})
    return [ChildRow(*(*row[:8], _figures.decode(row[8]), row[9])) for row in rows]


def _corrections(report: DailyReport | None) -> list[Correction]:
    """What changed from one revision to the next, oldest first."""
    if report is None or report.revision < 2:
        return []
    newest = ReportRevision.objects.filter(region_code=report.region_code, business_day=report.business_day)
    rows = list(newest.order_by("-n")[: CORRECTIONS + 1])[::-1]
    found = []
    for before, now in pairwise(rows):
        old, new = shown(before.figures), shown(now.figures)
        changed = {key: [old[key], new[key]] for key in new if old[key] != new[key]}
        if changed:
            found.append(Correction(n=now.n, at=now.as_of, changed=changed))
    return found
