"""Push, pull, receipts, records carried by hand. See docs/sync.md."""

import datetime as dt
import uuid

import msgspec
from django.conf import settings
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.accounts.session_store import device_of_session
from backend.core import clock, signing
from backend.core.api import ScopedAPIView
from backend.core.body import read_body
from backend.core.errors import ApiError, ErrorCode
from backend.core.openapi import errors
from backend.core.rendering import json_response
from backend.sync.carrying import MAX_FILE, carried_accept, ticket_of
from backend.sync.closing import day_close, device_of
from backend.sync.openapi import (
    CARRIED_ANSWER,
    CARRIED_FILE,
    CLOSING_ANSWER,
    CLOSING_REQUEST,
    KEYS,
    PULL_PAGE,
    PUSH_ANSWER,
    PUSH_REQUEST,
    RECEIPTS,
)
from backend.sync.selectors import DEFAULT_PAGE, MAX_PAGE, changes_since, receipts_of
from backend.sync.serializers import CLOSING_LIMIT, ClosingSerializer
from backend.sync.uploads import upload_answer

MAX_API_LEVEL = 1000


class PushView(ScopedAPIView):
    """Records in, a verdict per item out; for what the short way (`shortcut`) leaves to it."""

    capabilities = {"POST": Capability.SYNC}

    @extend_schema(
        operation_id="sync_push",
        request={"application/json": PUSH_REQUEST},
        responses={200: PUSH_ANSWER, **errors(400, 401, 403, 413, 415, 429, 503)},
    )
    def post(self, request: Request) -> HttpResponse:
        return upload_answer(request._request, user=signed_in(request), known=device_of_session(request._request))


class PullView(ScopedAPIView):
    """Changes out, since a cursor."""

    capabilities = {"GET": Capability.SYNC}

    @extend_schema(
        operation_id="sync_pull",
        parameters=[
            OpenApiParameter("cursor", str, description="Opaque; empty for a first download."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE}),
            OpenApiParameter("api_level", {"type": "integer", "minimum": 1, "maximum": MAX_API_LEVEL}),
        ],
        responses={200: PULL_PAGE, **errors(400, 401, 403, 426, 503)},
    )
    # A page of households shrinks to a seventh: over a slow line that is most of the time of a first download.
    @method_decorator(gzip_page)
    def get(self, request: Request) -> HttpResponse:
        allow_only(request, "cursor", "limit", "api_level")
        if read_api_level(request.query_params.get("api_level")) < settings.MINIMUM_API_LEVEL:
            raise ApiError(ErrorCode.APP_TOO_OLD)
        limit = read_limit(request.query_params.get("limit"))
        page = changes_since(user=signed_in(request), cursor=request.query_params.get("cursor", ""), limit=limit)
        # The changes are JSON already; joining them spares decoding and encoding every row.
        head = msgspec.json.encode(
            {
                "resync": page.resync, "cursor": page.cursor, "more": page.more, "scope": list(page.scope),
                "history": page.history, "server_time": clock.now(),
                **({} if page.total is None else {"total": page.total}),
            }
        )  # fmt: skip
        body = b'%b,"changes":[%b]}' % (head[:-1], b",".join(page.changes))
        return HttpResponse(body, content_type="application/json")


class ReceiptsView(ScopedAPIView):
    """What the server holds of the caller's own items of a day; and the day's closing, compared by id and signed."""

    capabilities = {"GET": Capability.SYNC, "POST": Capability.SYNC}

    @extend_schema(
        operation_id="sync_receipts",
        parameters=[
            OpenApiParameter("day", dt.date, required=True),
            OpenApiParameter("device", uuid.UUID),
        ],
        responses={200: RECEIPTS, **errors(400, 401, 403, 503)},
    )
    def get(self, request: Request) -> HttpResponse:
        allow_only(request, "day", "device")
        day = read_day(request.query_params.get("day"))
        device = _read_device(request.query_params.get("device"))
        if device is not None:
            device_of(user=signed_in(request), device=device)
        receipts = receipts_of(user=signed_in(request), day=day, device=device)
        return json_response(
            {
                "day": day, "device": device, "counts": receipts.counts, "digest": receipts.digest,
                "items": [{"id": item, "verdict": verdict} for item, verdict in receipts.items],
            }
        )  # fmt: skip

    @extend_schema(
        operation_id="sync_day_close",
        request={"application/json": CLOSING_REQUEST},
        responses={200: CLOSING_ANSWER, **errors(400, 401, 403, 404, 413, 415, 503)},
    )
    def post(self, request: Request) -> HttpResponse:
        data = read_body(request, ClosingSerializer, limit=CLOSING_LIMIT)
        if data["day"] > clock.today() + dt.timedelta(days=1):
            raise ApiError(ErrorCode.BAD_FIELD, field="day")
        found = day_close(user=signed_in(request), **data)
        return json_response(
            {
                "day": data["day"], "device": data["device"], "made": len(set(data["made"])),
                "confirmed": found.confirmed, "missing": found.missing, "refused": found.refused,
                "forgotten": found.forgotten, "closed": found.closed, "statement": found.statement,
                "signature": signing.base64_text(found.signature),
                "key": signing.key_name(signing.public_key(signing.SIGN)),
            }
        )  # fmt: skip


class KeysView(ScopedAPIView):
    """The server's public keys, and the phone's ticket for records carried in by hand."""

    capabilities = {"GET": Capability.SYNC}

    @extend_schema(
        operation_id="sync_keys",
        parameters=[OpenApiParameter("device", uuid.UUID, required=True)],
        responses={200: KEYS, **errors(400, 401, 403, 404, 503)},
    )
    def get(self, request: Request) -> HttpResponse:
        allow_only(request, "device")
        device = _read_device(request.query_params.get("device"))
        if device is None:
            raise ApiError(ErrorCode.MISSING_FIELD, field="device")
        device_of(user=signed_in(request), device=device)
        return json_response(
            {
                "receipts": _public(signing.SIGN),
                "carry": _public(signing.CARRY),
                "ticket": signing.base64_text(ticket_of(user=signed_in(request), device=device)),
            }
        )


class CarriedView(ScopedAPIView):
    """A sealed file of somebody's unsent records, brought by hand."""

    capabilities = {"POST": Capability.SYNC}

    @extend_schema(
        operation_id="sync_carried",
        request={"application/json": CARRIED_FILE},
        responses={200: CARRIED_ANSWER, **errors(400, 401, 403, 413, 415, 429, 503)},
    )
    def post(self, request: Request) -> HttpResponse:
        if request.content_type != "application/json":
            raise ApiError(ErrorCode.UNSUPPORTED_MEDIA)
        content = request._request.read(MAX_FILE + 1)
        brought = carried_accept(courier=signed_in(request), content=content)
        return json_response(
            {
                "author": str(brought.file.author), "made_at": brought.file.made_at, "items": len(brought.results),
                "counts": brought.counts, "results": brought.results,
            }
        )  # fmt: skip


def _public(name: str) -> dict[str, str]:
    point = signing.public_key(name)
    return {"key": signing.key_name(point), "point": signing.base64_text(point)}


def signed_in(request: Request) -> User:
    """The caller; a capability was asked for, so it is nobody anonymous."""
    assert isinstance(request.user, User)
    return request.user


def allow_only(request: Request, *names: str) -> None:
    """Refuse query parameters that the address does not know. Raises UNKNOWN_FIELD."""
    for name in request.query_params:
        if name not in names:
            raise ApiError(ErrorCode.UNKNOWN_FIELD)


def read_limit(text: str | None) -> int:
    """A page length between 1 and the maximum. Raises BAD_FIELD."""
    return DEFAULT_PAGE if text is None else _read_number(text, field="limit", most=MAX_PAGE)


def read_api_level(text: str | None) -> int:
    """The level an app was built for; the first apps did not name theirs. Raises BAD_FIELD."""
    return 1 if text is None else _read_number(text, field="api_level", most=MAX_API_LEVEL)


def _read_number(text: str, *, field: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise ApiError(ErrorCode.BAD_FIELD, field=field)
    return int(text)


def read_day(text: str | None) -> dt.date:
    """A day as YYYY-MM-DD. Raises MISSING_FIELD or BAD_FIELD."""
    if not text:
        raise ApiError(ErrorCode.MISSING_FIELD, field="day")
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=clock.SHANGHAI).date()
    except ValueError as error:
        raise ApiError(ErrorCode.BAD_FIELD, field="day") from error


def _read_device(text: str | None) -> uuid.UUID | None:
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise ApiError(ErrorCode.BAD_FIELD, field="device") from error
