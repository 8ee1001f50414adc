"""The walk down from a figure: to the units that make it, and at the cell to its records (溯源). See docs/reports.md.

Records are those that the report counted, as of the moment it was counted; masked, and in no order but time.
"""

import base64
import binascii
import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection

from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.regions.choices import Level
from backend.regions.models import Region
from backend.reports.counting import parameters_of
from backend.reports.cutoffs import PROVINCE_DIGITS
from backend.reports.indicators import Indicator, shown
from backend.reports.models import DailyReport, ReportDay
from backend.reports.trace_sql import CAPABILITY_OF, COLUMNS, kinds_of, records_sql
from backend.residents.models import Household, Person

PAGE = 50


@dataclass(frozen=True, slots=True)
class Trace:
    """A figure and what it is made of. `rows` as on the wire; `next` is the cursor of the following page."""

    revision: int | None
    figure: float | None
    rows: list[dict[str, Any]]
    next: str | None = None


def trace_figure(*, user: Any, region: Region, day: dt.date, indicator: Indicator, cursor: str = "") -> Trace:
    """What `indicator` of `region`'s `day` is made of.

    Raises `bad_cursor`, and `forbidden` when `user` may not see the kind of record that it leads to.
    """
    position = _decode(cursor)
    report = DailyReport.objects.filter(region_code=region.code, business_day=day).first()
    if report is None:
        return Trace(revision=None, figure=None, rows=[])
    revision, figure = report.revision or None, _figure(report, indicator)
    if region.level != Level.GRID:
        return Trace(revision, figure, _units(region.code, day, indicator))
    if any(not user.has_capability(CAPABILITY_OF[kind], region.code) for kind in kinds_of(indicator.key)):
        raise ApiError(ErrorCode.FORBIDDEN)
    if not report.figures:
        return Trace(revision, figure, [])
    rows, following = _records(region, day, indicator, position)
    return Trace(revision, figure, rows, following)


def _figure(report: DailyReport, indicator: Indicator) -> float | None:
    return shown(report.figures)[indicator.key] if report.figures else None


def _units(code: str, day: dt.date, indicator: Indicator) -> list[dict[str, Any]]:
    reports = list(DailyReport.objects.filter(business_day=day, parent_code=code).order_by("region_code"))
    names = dict(Region.objects.filter(code__in=[r.region_code for r in reports]).values_list("code", "name"))
    return [
        {
            "kind": "unit",
            "code": report.region_code,
            "name": names.get(report.region_code, report.region_code),
            "level": report.level,
            "state": report.state,
            "value": report.value or None,
            "revision": report.revision or None,
            "figure": _figure(report, indicator),
        }
        for report in reports
    ]


def _records(
    region: Region, day: dt.date, indicator: Indicator, position: tuple[dt.datetime, uuid.UUID] | None
) -> tuple[list[dict[str, Any]], str | None]:
    province = region.code[:PROVINCE_DIGITS]
    progress = ReportDay.objects.get(province_code=province, business_day=day)
    after_at, after_id = position or (None, None)
    parameters = {
        **parameters_of(province=province, day=day, as_of=progress.as_of or clock.now()),
        "cell": region.code, "after_at": after_at, "after_id": after_id, "limit": PAGE + 1,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(records_sql(indicator.key), parameters)
        found = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
    more = len(found) > PAGE
    page = found[:PAGE]
    people = Person.objects.select_related("household").in_bulk([r["person_id"] for r in page if r["person_id"]])
    households = Household.objects.in_bulk([r["household_id"] for r in page if r["household_id"]])
    rows = [_row(record, region.name, people, households) for record in page]
    return rows, _encode(page[-1]) if more else None


def _row(
    record: dict[str, Any], region_name: str, people: dict[uuid.UUID, Person], households: dict[uuid.UUID, Household]
) -> dict[str, Any]:
    """A record as on the wire: a door and a masked name, never more."""
    person, household = people.get(record["person_id"]), households.get(record["household_id"])
    place = record["place"] or (household.place if household else person.place if person else "")
    temperature = record["temperature"]
    return {
        "kind": record["kind"],
        "id": str(record["id"]),
        "region": record["region_code"],
        "region_name": region_name,
        "place": place,
        "person_masked": person.name_masked if person else None,
        "outcome": record["outcome"],
        "temperature": None if temperature is None else float(temperature),
        "symptoms": record["symptoms"] or [],
        "observed_at": record["observed_at"],
        "received_at": record["received_at"],
        "author_name": record["author_name"],
    }


def _encode(record: dict[str, Any]) -> str:
    position = json.dumps([record["observed_at"].isoformat(), str(record["id"])])
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[dt.datetime, uuid.UUID] | None:
    if not cursor:
        return None
    try:
        at, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = dt.datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(at)
        return moment, uuid.UUID(row_id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise ApiError(ErrorCode.BAD_CURSOR, field="cursor") from error
