"""Reading the JSON body of a small request: strict, bounded, and refused with a code. See docs/errors.md.

Sync's push has its own compiled reader; every other write comes through `read_body`.
"""

import json
import re
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.request import Request

from backend.core.errors import ApiError, ErrorCode

#: Bytes that a form-sized request may hold.
BODY_LIMIT = 64 * 1024

S = TypeVar("S", bound="StrictSerializer")


class Text(serializers.CharField):
    """Text that arrives as text: a number is not taken for its digits."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer[Any]):
    """A wire shape that refuses fields it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            # A name that a stranger chose is not echoed beyond what an identifier may hold.
            raise serializers.ValidationError({re.sub(r"[^A-Za-z0-9_-]", "?", unknown[0])[:40]: ""}, code="unknown")
        return super().to_internal_value(data)


class NothingShape(StrictSerializer):
    """A body that says nothing: the address is the whole request."""


class EditShape(StrictSerializer):
    """An edit: the version it was made on. Each kind adds `changes`, the fields that changed. See docs/edits.md."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The version that was edited.")


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ApiError(ErrorCode.NOT_JSON) from error


def _no_constant(name: str) -> None:
    raise ValueError(name)


def read_body(request: Request, shape: type[S], *, limit: int = BODY_LIMIT) -> dict[str, Any]:
    """The validated fields of the request's JSON object. An empty body counts as `{}`.

    Raises `ApiError`: `too_large`, `unsupported_media`, `not_json`, `bad_request` (no object), `missing_field`,
    `unknown_field`, `bad_field`, the last three with the field's name.
    """
    kind = (request.content_type or "").split(";")[0].strip().lower()
    raw = request._request.read(limit + 1)
    if len(raw) > limit:
        raise ApiError(ErrorCode.TOO_LARGE, detail={"limit_bytes": limit})
    if raw and kind != "application/json":
        raise ApiError(ErrorCode.UNSUPPORTED_MEDIA)
    data = _json(raw) if raw.strip() else {}
    if not isinstance(data, dict):
        raise ApiError(ErrorCode.BAD_REQUEST)
    serializer = shape(data=data)
    if not serializer.is_valid():
        raise refusal_of(serializer.errors)
    return dict(serializer.validated_data)


def refusal_of(errors: Any, prefix: str = "") -> ApiError:
    """The first error of a DRF error tree as an `ApiError`; the field's name is a dotted path."""
    if isinstance(errors, dict):
        name, inner = next(iter(errors.items()))
        path = prefix if name == "non_field_errors" else f"{prefix}.{name}".strip(".")
        return refusal_of(inner, path)
    if isinstance(errors, list):
        index, first = next(((i, e) for i, e in enumerate(errors) if e), (0, ""))
        return refusal_of(first, f"{prefix}.{index}" if isinstance(first, dict | list) else prefix)
    code = getattr(errors, "code", "")
    kinds = {"required": ErrorCode.MISSING_FIELD, "unknown": ErrorCode.UNKNOWN_FIELD}
    chosen = kinds.get(code, ErrorCode.BAD_FIELD)
    return ApiError(chosen, field=prefix or None)
