"""Health, the phone app's shell, the API's description, and error answers outside DRF."""

import mimetypes
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from backend.core.api import ANYONE, ScopedAPIView, error_response
from backend.core.errors import ErrorCode
from backend.realtime.redis import redis_answers


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """`{"status": "ok", "database": true, "redis": bool}`; 503 without a database. Redis may be away."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = True
    except DatabaseError:
        database = False
    return JsonResponse(
        {"status": "ok" if database else "unavailable", "database": database, "redis": redis_answers()},
        status=200 if database else 503,
    )


@require_safe
def phone_app(request: HttpRequest, path: str = "") -> HttpResponseBase:
    """The phone app: a file of its build, else its shell, whose router knows the page."""
    wanted = settings.PWA_FOLDER / path
    if path and wanted.is_file() and wanted.resolve().is_relative_to(settings.PWA_FOLDER.resolve()):
        kind, _ = mimetypes.guess_type(wanted.name)
        return FileResponse(wanted.open("rb"), content_type=kind or "application/octet-stream")
    shell = settings.PWA_FOLDER / "index.html"
    if not shell.is_file():
        return HttpResponse("手机应用尚未构建，请运行 bin/run。", status=503, content_type="text/plain; charset=utf-8")
    response = FileResponse(shell.open("rb"), content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


def unknown_api_path(request: HttpRequest) -> JsonResponse:
    return error_response(ErrorCode.NOT_FOUND)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler400`: a host name that is not ours, a request that cannot be read."""
    if request.path.startswith("/admin/"):
        return render(request, "404.html", status=400)
    return error_response(ErrorCode.BAD_REQUEST)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler404`: a page in the office, else the error shape."""
    if request.path.startswith("/admin/"):
        return render(request, "404.html", status=404)
    return error_response(ErrorCode.NOT_FOUND)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`: in the office a page that says the way back, else the error shape."""
    if request.path.startswith("/admin/"):
        return render(request, "expired.html", status=403)
    return error_response(ErrorCode.CSRF_FAILED)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`."""
    if request.path.startswith("/admin/"):
        return render(request, "500.html", status=500)
    return error_response(ErrorCode.INTERNAL)


class ApiSchemaView(SpectacularAPIView, ScopedAPIView):  # type: ignore[misc]
    """The API as OpenAPI 3."""

    capabilities = {"GET": ANYONE}
    permission_classes = ScopedAPIView.permission_classes

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().get(request, *args, **kwargs)


class ApiDocsView(SpectacularSwaggerView, ScopedAPIView):  # type: ignore[misc]
    """The API as a page to read and try, with assets from our own origin."""

    capabilities = {"GET": ANYONE}
    permission_classes = ScopedAPIView.permission_classes
    url_name = "schema"

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().get(request, *args, **kwargs)
