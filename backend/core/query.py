"""Reading the query of a request: strict, and refused with a code. See docs/errors.md."""

from typing import Any

from rest_framework.request import Request

from backend.core.body import StrictSerializer, refusal_of
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import is_region_code
from backend.core.scope import Scope, ancestors


def read_query(request: Request, shape: type[StrictSerializer]) -> dict[str, Any]:
    """The validated parameters of the query; a blank one counts as absent.

    Raises `ApiError`: `missing_field`, `unknown_field`, `bad_field`, each with the parameter's name.
    """
    serializer = shape(data={name: value for name, value in request.query_params.items() if str(value).strip()})
    if not serializer.is_valid():
        raise refusal_of(serializer.errors)
    return dict(serializer.validated_data)


def scope_asked(user: Any, capability: str, region: str | None) -> Scope:
    """What of `user`'s scope lies in `region`; all of it when no region is named.

    Raises `bad_region_code`, and `not_found` when nothing of the scope lies there.
    """
    own = user.scope(capability)
    if not region:
        return own
    if not is_region_code(region):
        raise ApiError(ErrorCode.BAD_REGION_CODE, field="region")
    asked = Scope.of([region]) if own.covers(region) else Scope.of(p for p in own if region in ancestors(p))
    if not asked:
        raise ApiError(ErrorCode.NOT_FOUND, field="region")
    return asked
