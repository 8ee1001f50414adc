"""What a locked-out sign-in is told, by the API and by the admin's page (`AXES_LOCKOUT_CALLABLE`)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from backend.core.api import error_response
from backend.core.errors import ErrorCode


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """429 `locked_out`: as JSON below /api/, else as a page."""
    if request.path.startswith("/api/"):
        return error_response(ErrorCode.LOCKED_OUT)
    return render(request, "accounts/locked_out.html", {"message": ErrorCode.LOCKED_OUT.message}, status=429)
