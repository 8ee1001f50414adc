"""The day's checks, and a person's code. See docs/health-code.md."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.choices import Capability
from backend.alerts.selectors import region_labels
from backend.core import clock
from backend.core.api import ScopedAPIView
from backend.core.errors import ApiError, ErrorCode
from backend.core.openapi import errors
from backend.core.query import read_query, scope_asked
from backend.health.choices import DueState
from backend.health.selectors import check_counts_by_cell, checks_due, code_of
from backend.health.serializers import CodeShape, DueDayShape, DueQuery, code_body, due_people, session_counts


class ChecksDueView(ScopedAPIView):
    """Which checks a day asks for, and what became of them."""

    capabilities = {"GET": Capability.CHECK_VIEW}

    @extend_schema(
        operation_id="checks_due", parameters=[DueQuery], responses={200: DueDayShape, **errors(400, 401, 403, 404)}
    )
    def get(self, request: Request) -> Response:
        """Counts by session over the whole region, and a page of people in walking order."""
        query = read_query(request, DueQuery)
        scope = scope_asked(request.user, Capability.CHECK_VIEW, query.get("region"))
        now = clock.now()
        day = query.get("day") or clock.business_day(now)
        state = DueState(query["state"]) if "state" in query else None
        limit, offset = query["limit"], query["after"]
        checks = checks_due(day=day, scope=scope, now=now, limit=limit, offset=offset, state=state)
        people = due_people(checks, region_labels(check.region_code for check in checks))
        return Response(
            {
                "day": day.isoformat(),
                "region": query.get("region"),
                "counts": session_counts(check_counts_by_cell(day=day, as_of=now, scope=scope)),
                "people": people,
                "next": offset + limit if len(people) == limit else None,
            }
        )


class PersonCodeView(ScopedAPIView):
    """The health-code status of one person. There is no method that writes it."""

    capabilities = {"GET": Capability.CODE_VIEW}

    @extend_schema(operation_id="people_code", responses={200: CodeShape, **errors(401, 403, 404)})
    def get(self, request: Request, person_id: uuid.UUID) -> Response:
        """Colour, reason, rule and clause, with the history of decisions."""
        view = code_of(request.user, person_id, capability=Capability.CODE_VIEW)
        if view is None:
            raise ApiError(ErrorCode.NOT_FOUND)
        return Response(code_body(view))
