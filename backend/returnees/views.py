"""The list of returnees, registration at the desk, leaving, and a corrected arrival. See docs/returnees.md."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.choices import Capability
from backend.core import clock
from backend.core.api import ScopedAPIView
from backend.core.body import NothingShape, read_body
from backend.core.openapi import errors
from backend.core.query import read_query, scope_asked
from backend.health.choices import DueState
from backend.health.selectors import people_with_check
from backend.returnees.choices import ReturneeState
from backend.returnees.selectors import returnee_visible, returnees_found, returnees_page
from backend.returnees.serializers import (
    CorrectShape,
    LeaveShape,
    RegisterShape,
    ReturneeEditShape,
    ReturneeListShape,
    ReturneeQuery,
    ReturneeShape,
    page_body,
)
from backend.returnees.services import (
    returnee_correct_arrival,
    returnee_leave,
    returnee_register_at_office,
    returnee_return,
    returnee_update,
)


def _one(request: Request, returnee_id: uuid.UUID, status: int = 200) -> Response:
    page = returnee_visible(request.user, returnee_id, Capability.RETURNEE_VIEW)
    return Response(page_body(page)[0], status=status)


class ReturneeListView(ScopedAPIView):
    """Who came back."""

    capabilities = {"GET": Capability.RETURNEE_VIEW, "POST": Capability.RETURNEE_REGISTER}

    @extend_schema(
        operation_id="returnees_list",
        parameters=[ReturneeQuery],
        responses={200: ReturneeListShape, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of the list, the latest registration first."""
        query = read_query(request, ReturneeQuery)
        scope = scope_asked(request.user, Capability.RETURNEE_VIEW, query.get("region"))
        people = None
        if "due" in query:
            now = clock.now()
            people = people_with_check(
                day=clock.business_day(now), scope=scope, now=now, state=DueState(query["due"])
            )  # fmt: skip
        state = ReturneeState(query["state"]) if "state" in query else None
        found = returnees_found(scope, state=state, q=query.get("q", ""), people=people)
        limit, offset = query["limit"], query["after"]
        page = returnees_page(found, limit=limit, offset=offset)
        following = offset + limit if offset + limit < page.count else None
        return Response({"count": page.count, "next": following, "results": page_body(page)})

    @extend_schema(
        operation_id="returnees_register",
        request=RegisterShape,
        responses={201: ReturneeShape, **errors(400, 401, 403, 409, 413, 415)},
    )
    def post(self, request: Request) -> Response:
        """Register a returnee at the desk."""
        body = read_body(request, RegisterShape)
        returnee = returnee_register_at_office(
            actor=request.user,
            region_code=body.pop("region"),
            household_id=body.pop("household"),
            origin_code=body.pop("origin"),
            **body,
        )
        return _one(request, returnee.pk, status=201)


class ReturneeView(ScopedAPIView):
    """One returnee."""

    capabilities = {"GET": Capability.RETURNEE_VIEW, "PATCH": Capability.RETURNEE_REGISTER}

    @extend_schema(operation_id="returnees_one", responses={200: ReturneeShape, **errors(401, 403, 404)})
    def get(self, request: Request, returnee_id: uuid.UUID) -> Response:
        return _one(request, returnee_id)

    @extend_schema(
        operation_id="returnees_edit",
        request=ReturneeEditShape,
        responses={200: ReturneeShape, **errors(400, 401, 403, 404, 409, 413, 415)},
    )
    def patch(self, request: Request, returnee_id: uuid.UUID) -> Response:
        """Merge an edit, field by field; 409 with both values where a field changed on both sides."""
        body = read_body(request, ReturneeEditShape)
        changes = dict(body["changes"])
        if "origin" in changes:
            changes["origin_code"] = changes.pop("origin")
        returnee = returnee_update(
            returnee_id=returnee_id, base_version=body["version"], changes=changes, actor=request.user
        )
        return _one(request, returnee.pk)


class ReturneeReturnView(ScopedAPIView):
    """撤销离开."""

    capabilities = {"POST": Capability.RETURNEE_REGISTER}

    @extend_schema(
        operation_id="returnees_return",
        request=NothingShape,
        responses={200: ReturneeShape, **errors(400, 401, 403, 404, 409, 413, 415)},
    )
    def post(self, request: Request, returnee_id: uuid.UUID) -> Response:
        """Take back a leaving; the answer is the row that goes on."""
        read_body(request, NothingShape)
        return _one(request, returnee_return(returnee_id=returnee_id, actor=request.user).pk)


class ReturneeLeaveView(ScopedAPIView):
    """离开."""

    capabilities = {"POST": Capability.RETURNEE_REGISTER}

    @extend_schema(
        operation_id="returnees_leave",
        request=LeaveShape,
        responses={200: ReturneeShape, **errors(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, returnee_id: uuid.UUID) -> Response:
        """Note that a returnee left."""
        body = read_body(request, LeaveShape)
        returnee_leave(returnee_id=returnee_id, left_on=body["left_on"], actor=request.user)
        return _one(request, returnee_id)


class ReturneeCorrectView(ScopedAPIView):
    """更正到达日期."""

    capabilities = {"POST": Capability.RETURNEE_REGISTER}

    @extend_schema(
        operation_id="returnees_correct",
        request=CorrectShape,
        responses={200: ReturneeShape, **errors(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, returnee_id: uuid.UUID) -> Response:
        """Put right the day of arrival, and the monitoring term with it."""
        body = read_body(request, CorrectShape)
        returnee_correct_arrival(returnee_id=returnee_id, arrived_on=body["arrived_on"], actor=request.user)
        return _one(request, returnee_id)
