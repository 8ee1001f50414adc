"""Households and people over HTTP: lists, search, look-up, the audited reveal and call. See docs/privacy.md."""

import uuid
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.choices import Capability
from backend.core.api import ScopedAPIView
from backend.core.body import NothingShape, read_body
from backend.core.errors import ApiError, ErrorCode
from backend.core.openapi import errors
from backend.residents.selectors import (
    household_visible,
    households_found,
    people_of,
    person_visible,
    phone_owners,
)
from backend.residents.serializers import (
    CallAnswer,
    CallShape,
    HouseholdDetail,
    HouseholdEditShape,
    HouseholdMoveShape,
    HouseholdPage,
    LookupAnswer,
    LookupShape,
    PersonAnswer,
    PersonEditShape,
    PersonMoveShape,
    RevealAnswer,
    RevealShape,
    household_wire,
    person_wire,
)
from backend.residents.services import (
    household_call,
    household_close,
    household_move,
    household_reopen,
    household_reveal,
    household_update,
    person_call,
    person_move,
    person_reveal,
    person_update,
)

PAGE_SIZE = 50
#: Counting and paging stop here: nobody reads on, and an exact count of a province would cost a second.
COUNT_CAP = 10_000


class HouseholdsView(ScopedAPIView):
    """The households of one's scope."""

    capabilities: ClassVar[dict[str, str]] = {"GET": Capability.HOUSEHOLD_VIEW}

    @extend_schema(
        operation_id="households_list",
        parameters=[
            OpenApiParameter("region", str, description="below this region"),
            OpenApiParameter("q", str, description="pieces of address and door, such as `3-2-501`; never a telephone"),
            OpenApiParameter("page", int, description="from 1"),
        ],
        responses={200: HouseholdPage, **errors(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """A page of open households in walking order, masked."""
        page = _page(request.query_params.get("page", ""))
        found = households_found(
            request.user,
            Capability.HOUSEHOLD_VIEW,
            region=request.query_params.get("region", ""),
            q=request.query_params.get("q", ""),
        )
        count = found.order_by()[:COUNT_CAP].count()
        start = (page - 1) * PAGE_SIZE
        rows = list(found[start : start + PAGE_SIZE]) if start < count else []
        more = start + PAGE_SIZE < count
        return Response(
            {"count": count, "next": page + 1 if more else None, "results": [household_wire(row) for row in rows]}
        )


def _page(text: str) -> int:
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0):
        raise ApiError(ErrorCode.BAD_FIELD, field="page")
    return int(text)


class HouseholdView(ScopedAPIView):
    """One household."""

    capabilities: ClassVar[dict[str, str]] = {"GET": Capability.HOUSEHOLD_VIEW, "PATCH": Capability.HOUSEHOLD_EDIT}

    @extend_schema(responses={200: HouseholdDetail, **errors(401, 403, 404)})
    def get(self, request: Request, household_id: uuid.UUID) -> Response:
        """The household and the people on record in it, masked."""
        return _household(request, household_id)

    @extend_schema(
        operation_id="households_edit",
        request=HouseholdEditShape,
        responses={200: HouseholdDetail, **errors(400, 401, 403, 404, 409, 413, 415)},
    )
    def patch(self, request: Request, household_id: uuid.UUID) -> Response:
        """Merge an edit, field by field; 409 with both values where a field changed on both sides."""
        household_visible(request.user, household_id, Capability.HOUSEHOLD_EDIT)
        body = read_body(request, HouseholdEditShape)
        household_update(
            household_id=household_id, base_version=body["version"], changes=body["changes"], actor=request.user
        )
        return _household(request, household_id)


class HouseholdMoveView(ScopedAPIView):
    """转网格."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.HOUSEHOLD_EDIT}

    @extend_schema(
        operation_id="households_move",
        request=HouseholdMoveShape,
        responses={200: HouseholdDetail, **errors(400, 401, 403, 404, 413, 415)},
    )
    def post(self, request: Request, household_id: uuid.UUID) -> Response:
        """Give the household, and the people who live in it, to another cell of one's scope."""
        household_visible(request.user, household_id, Capability.HOUSEHOLD_EDIT)
        body = read_body(request, HouseholdMoveShape)
        household_move(household_id=household_id, to_region=body["region"], actor=request.user)
        return _household(request, household_id)


class HouseholdCloseView(ScopedAPIView):
    """注销."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.HOUSEHOLD_EDIT}

    @extend_schema(
        operation_id="households_close",
        request=NothingShape,
        responses={200: HouseholdDetail, **errors(400, 401, 403, 404, 409, 413, 415)},
    )
    def post(self, request: Request, household_id: uuid.UUID) -> Response:
        """Take the household out of use; its records stay. 409 while people on record live in it."""
        household_visible(request.user, household_id, Capability.HOUSEHOLD_EDIT)
        read_body(request, NothingShape)
        household_close(household_id=household_id, actor=request.user)
        return _household(request, household_id)


class HouseholdReopenView(ScopedAPIView):
    """恢复在册."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.HOUSEHOLD_EDIT}

    @extend_schema(
        operation_id="households_reopen",
        request=NothingShape,
        responses={200: HouseholdDetail, **errors(400, 401, 403, 404, 409, 413, 415)},
    )
    def post(self, request: Request, household_id: uuid.UUID) -> Response:
        """Take the household back into use, in the cell in which it was closed."""
        household_visible(request.user, household_id, Capability.HOUSEHOLD_EDIT)
        read_body(request, NothingShape)
        household_reopen(household_id=household_id, actor=request.user)
        return _household(request, household_id)


def _household(request: Request, household_id: uuid.UUID) -> Response:
    household = household_visible(request.user, household_id, Capability.HOUSEHOLD_VIEW)
    people = [person_wire(person) for person in people_of(request.user, household)]
    return Response({**household_wire(household), "people": people})


def _person(request: Request, person_id: uuid.UUID) -> Response:
    return Response(person_wire(person_visible(request.user, person_id, Capability.PERSON_VIEW)))


class PhoneLookupView(ScopedAPIView):
    """Whose telephone number is this?"""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.HOUSEHOLD_VIEW}

    @extend_schema(request=LookupShape, responses={200: LookupAnswer, **errors(400, 401, 403)})
    def post(self, request: Request) -> Response:
        """Households and people of one's scope with exactly this telephone number, masked."""
        body = read_body(request, LookupShape)
        households, people = phone_owners(request.user, body["phone"])
        answer: dict[str, Any] = {
            "households": [household_wire(row) for row in households],
            "people": [person_wire(row) for row in people],
        }
        return Response(answer)


class HouseholdRevealView(ScopedAPIView):
    """Plain values of a household."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.PERSON_REVEAL}

    @extend_schema(request=RevealShape, responses={200: RevealAnswer, **errors(400, 401, 403, 404)})
    def post(self, request: Request, household_id: uuid.UUID) -> Response:
        """Name of the head and telephone, for a stated purpose; audited."""
        body = read_body(request, RevealShape)
        return Response(household_reveal(actor=request.user, household_id=household_id, **body))


class HouseholdCallView(ScopedAPIView):
    """Telephoning a household."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.PHONE_CALL}

    @extend_schema(request=CallShape, responses={200: CallAnswer, **errors(400, 401, 403, 404, 429)})
    def post(self, request: Request, household_id: uuid.UUID) -> Response:
        """Its telephone number and nothing else; audited and limited in number."""
        body = read_body(request, CallShape)
        return Response({"phone": household_call(actor=request.user, household_id=household_id, **body)})


class PersonView(ScopedAPIView):
    """One person on record."""

    capabilities: ClassVar[dict[str, str]] = {"GET": Capability.PERSON_VIEW, "PATCH": Capability.HOUSEHOLD_EDIT}

    @extend_schema(responses={200: PersonAnswer, **errors(401, 403, 404)})
    def get(self, request: Request, person_id: uuid.UUID) -> Response:
        """The person, masked."""
        return _person(request, person_id)

    @extend_schema(
        operation_id="people_edit",
        request=PersonEditShape,
        responses={200: PersonAnswer, **errors(400, 401, 403, 404, 409, 413, 415)},
    )
    def patch(self, request: Request, person_id: uuid.UUID) -> Response:
        """Merge an edit, field by field; 409 with both values where a field changed on both sides."""
        person_visible(request.user, person_id, Capability.HOUSEHOLD_EDIT)
        body = read_body(request, PersonEditShape)
        names = {"household": "household_id", "purpose": "purposes"}
        changes = {names.get(field, field): value for field, value in body["changes"].items()}
        person_update(person_id=person_id, base_version=body["version"], changes=changes, actor=request.user)
        return _person(request, person_id)


class PersonMoveView(ScopedAPIView):
    """转网格."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.HOUSEHOLD_EDIT}

    @extend_schema(
        operation_id="people_move",
        request=PersonMoveShape,
        responses={200: PersonAnswer, **errors(400, 401, 403, 404, 413, 415)},
    )
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        """Make another cell responsible for the person."""
        person_visible(request.user, person_id, Capability.HOUSEHOLD_EDIT)
        body = read_body(request, PersonMoveShape)
        person_move(
            person_id=person_id, to_region=body["region"], household_id=body["household"], address=body["address"],
            actor=request.user,
        )  # fmt: skip
        return _person(request, person_id)


class PersonRevealView(ScopedAPIView):
    """Plain values of a person."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.PERSON_REVEAL}

    @extend_schema(request=RevealShape, responses={200: RevealAnswer, **errors(400, 401, 403, 404)})
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        """Name, telephone, document number, for a stated purpose; audited."""
        body = read_body(request, RevealShape)
        return Response(person_reveal(actor=request.user, person_id=person_id, **body))


class PersonCallView(ScopedAPIView):
    """Telephoning a person."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.PHONE_CALL}

    @extend_schema(request=CallShape, responses={200: CallAnswer, **errors(400, 401, 403, 404, 429)})
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        """The person's telephone number and nothing else; audited and limited in number."""
        body = read_body(request, CallShape)
        return Response({"phone": person_call(actor=request.user, person_id=person_id, **body)})
