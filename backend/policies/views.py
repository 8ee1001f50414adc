"""Reading the rules in force over HTTP."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.core import clock
from backend.core.api import SIGNED_IN, ScopedAPIView
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import is_region_code
from backend.policies.choices import KEYS
from backend.policies.selectors import day_asked, values_in_force
from backend.policies.serializers import PoliciesSerializer


class PoliciesView(ScopedAPIView):
    """The rules in force in a region on a day. They are public knowledge: signed in is enough, no scope applies."""

    capabilities: ClassVar[dict[str, str]] = {"GET": SIGNED_IN}

    @extend_schema(
        parameters=[
            OpenApiParameter("region", str, description="region code; empty: national base alone"),
            OpenApiParameter("on", str, description="YYYY-MM-DD; today when left out"),
        ],
        responses=PoliciesSerializer,
    )
    def get(self, request: Request) -> Response:
        region = request.query_params.get("region", "")
        if region and not is_region_code(region):
            raise ApiError(ErrorCode.BAD_REGION_CODE, field="region")
        on = day_asked(request.query_params.get("on", ""), default=clock.today())
        rules = [
            {
                "key": value.key,
                "title": KEYS[value.key][2],
                "value": value.wire,
                "unit": value.unit,
                "version": value.version,
                "clause": value.clause,
                "document": value.document,
                "duty": value.duty,
                "region": value.region_code,
            }
            for value in values_in_force(region_code=region, on=on)
        ]
        return Response(PoliciesSerializer({"region": region, "on": on, "rules": rules}).data)
