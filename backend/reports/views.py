"""The day over HTTP: a unit's page, its confirmation, the walk down from a figure. See docs/reports.md."""

import datetime as dt

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.choices import Capability
from backend.core import clock
from backend.core.api import ScopedAPIView
from backend.core.body import read_body
from backend.core.errors import ApiError, ErrorCode
from backend.core.openapi import errors
from backend.core.query import read_query
from backend.policies.selectors import PolicyMissingError
from backend.reports.choices import Confirm
from backend.reports.indicators import indicator_of
from backend.reports.selectors import region_for_report, report_page
from backend.reports.serializers import (
    DailyQuery,
    DailyShape,
    SubmitShape,
    TraceQuery,
    TraceShape,
    page_body,
    trace_body,
)
from backend.reports.services import report_submit
from backend.reports.tracing import trace_figure


def _day(text: str) -> dt.date:
    """The day named in an address; anything else is a page that does not exist."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError as error:
        raise ApiError(ErrorCode.BAD_FIELD, field="day") from error


class DailyReportView(ScopedAPIView):
    """A unit's day."""

    capabilities = {"GET": Capability.REPORT_VIEW}

    @extend_schema(parameters=[DailyQuery], responses={200: DailyShape, **errors(400, 401, 403, 404)})
    def get(self, request: Request) -> Response:
        """Figures, state, evidence and corrections of a unit, and a row for each unit directly below."""
        query = read_query(request, DailyQuery)
        region = region_for_report(request.user, query.get("region"))
        page = report_page(user=request.user, region=region, day=query.get("day") or clock.today())
        return Response(page_body(page))


class SubmitView(ScopedAPIView):
    """Somebody stands up for a unit's day."""

    capabilities = {"POST": Capability.REPORT_SUBMIT}

    @extend_schema(
        request=SubmitShape, responses={200: DailyShape, **errors(400, 401, 403, 404, 409, 413, 415)}
    )  # fmt: skip
    def post(self, request: Request, region: str, day: str) -> Response:
        """Confirm the report, or confirm that there is nothing to report. Saying the same again changes nothing."""
        which = _day(day)
        unit = region_for_report(request.user, region, Capability.REPORT_SUBMIT)
        body = read_body(request, SubmitShape)
        try:
            report_submit(
                actor=request.user,
                region=unit,
                day=which,
                confirm=Confirm(body["confirm"]),
                note=body.get("note", ""),
            )
        except PolicyMissingError as error:
            raise ApiError(ErrorCode.WRONG_STATE) from error
        return Response(page_body(report_page(user=request.user, region=unit, day=which)))


class TraceView(ScopedAPIView):
    """The walk down from a figure."""

    capabilities = {"GET": Capability.REPORT_VIEW}

    @extend_schema(parameters=[TraceQuery], responses={200: TraceShape, **errors(400, 401, 403, 404)})
    def get(self, request: Request, region: str, day: str) -> Response:
        """Above the cell: the units whose figures add up to it. At the cell: its records, masked, page by page."""
        which = _day(day)
        unit = region_for_report(request.user, region)
        query = read_query(request, TraceQuery)
        indicator = indicator_of(query["indicator"])
        if indicator is None:
            raise ApiError(ErrorCode.UNKNOWN_INDICATOR, field="indicator")
        trace = trace_figure(
            user=request.user, region=unit, day=which, indicator=indicator, cursor=query.get("cursor", "")
        )  # fmt: skip
        return Response(trace_body(unit, which, indicator.key, trace))
