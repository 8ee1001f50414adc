"""Households and people over HTTP: lists, search, look-up, the audited reveal and call. See docs/privacy.md."""

import uuid
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.choices import Capability
from backend.core.api import ScopedAPIView
from backend.core.body import read_body
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
    HouseholdPage,
    LookupAnswer,
    LookupShape,
    PersonAnswer,
    RevealAnswer,
    RevealShape,
    household_wire,
    person_wire,
)
from backend.residents.services import household_call, household_reveal, person_call, person_reveal

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

    capabilities: ClassVar[dict[str, str]] = {"GET": Capability.HOUSEHOLD_VIEW}

    @extend_schema(responses={200: HouseholdDetail, **errors(401, 403, 404)})
    def get(self, request: Request, household_id: uuid.UUID) -> Response:
        """The household and the people on record in it, masked."""
        household = household_visible(request.user, household_id, Capability.HOUSEHOLD_VIEW)
        people = [person_wire(person) for person in people_of(request.user, household)]
        return Response({**household_wire(household), "people": people})


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

    capabilities: ClassVar[dict[str, str]] = {"GET": Capability.PERSON_VIEW}

    @extend_schema(responses={200: PersonAnswer, **errors(401, 403, 404)})
    def get(self, request: Request, person_id: uuid.UUID) -> Response:
        """The person, masked."""
        return Response(person_wire(person_visible(request.user, person_id, Capability.PERSON_VIEW)))


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
