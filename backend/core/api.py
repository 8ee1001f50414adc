"""Base classes of the HTTP API: a capability per method, one error shape, session sign-in. See docs/scope.md."""

import logging
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.core.errors import ApiError, ErrorCode, error_body
from backend.core.permissions import ANYONE, SIGNED_IN, DeclaredCapability, SessionSignIn
from backend.core.rendering import JSONRenderer

__all__ = ["ANYONE", "SIGNED_IN", "ScopedAPIView", "error_response", "exception_handler", "refusal_for"]

logger = logging.getLogger(__name__)


class ScopedAPIView(APIView):
    """An API view whose every method declares a capability; `backend.core.checks` refuses to start otherwise."""

    #: HTTP method → capability, `ANYONE` or `SIGNED_IN`.
    capabilities: ClassVar[dict[str, str]] = {}
    #: True where somebody who must change the password first may still come in.
    open_before_password_change: ClassVar[bool] = False
    authentication_classes = (SessionSignIn,)
    permission_classes = (DeclaredCapability,)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """A refusal is JSON, whatever the address otherwise gives out."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(answer, Response) and answer.status_code >= 400:
            answer.accepted_renderer, answer.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return answer


def _code_of(exception: Exception) -> ErrorCode:
    """The error code of an exception that Django, DRF or the database raised."""
    table: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ErrorCode], ...] = (
        ((drf.NotAuthenticated, drf.AuthenticationFailed), ErrorCode.NOT_SIGNED_IN),
        (drf.PermissionDenied, ErrorCode.FORBIDDEN),
        ((drf.NotFound, Http404), ErrorCode.NOT_FOUND),
        (drf.MethodNotAllowed, ErrorCode.METHOD_NOT_ALLOWED),
        (drf.NotAcceptable, ErrorCode.NOT_ACCEPTABLE),
        (drf.UnsupportedMediaType, ErrorCode.UNSUPPORTED_MEDIA),
        (drf.Throttled, ErrorCode.TOO_MANY_REQUESTS),
        (drf.ParseError, ErrorCode.NOT_JSON),
        (drf.ValidationError, ErrorCode.BAD_FIELD),
        (RequestDataTooBig, ErrorCode.TOO_LARGE),
        # The CSRF check reads a form before any view does.
        ((MultiPartParserError, UnreadablePostError, SuspiciousOperation), ErrorCode.BAD_REQUEST),
        ((OperationalError, InterfaceError), ErrorCode.UNAVAILABLE),
    )
    for types, code in table:
        if isinstance(exception, types):
            return code
    return ErrorCode.INTERNAL


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response:
    """DRF's handler: every refusal leaves in the one error shape; the unforeseen is logged without its data."""
    refused = refusal_for(exception, where=type(context.get("view")).__name__)
    response = Response(refused.body(), status=refused.status)
    if refused.code is ErrorCode.NOT_SIGNED_IN:
        response["WWW-Authenticate"] = "Session"
    return response


def refusal_for(exception: Exception, *, where: str) -> ApiError:
    """Any exception as the refusal that leaves; `where` it came from is logged, should nobody have foreseen it."""
    if isinstance(exception, ApiError):
        return exception
    code = _code_of(exception)
    field: str | None = None
    if isinstance(exception, drf.ValidationError) and isinstance(exception.detail, dict):
        field = next(iter(exception.detail), None)
    if code is ErrorCode.INTERNAL or isinstance(exception, DatabaseError):
        # The message of a database error can quote a row; only its type and place are logged.
        logger.error(
            "unhandled %s in %s",
            type(exception).__name__,
            where,
            exc_info=None if isinstance(exception, DatabaseError) else exception,
        )
    return ApiError(code, field=field)


def error_response(code: ErrorCode) -> JsonResponse:
    """The one error shape, for what refuses outside DRF."""
    return JsonResponse(error_body(code), status=code.status, json_dumps_params={"ensure_ascii": False})
