"""Response headers: a strict Content-Security-Policy for the app and the public pages, its own for the admin."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_COMMON = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
APP_POLICY = (
    f"{_COMMON}; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'"
)
# Alpine, on which the admin's interface is built, evaluates expressions found in attributes.
ADMIN_POLICY = (
    f"{_COMMON}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'"
)
# The API browser sets itself up with an inline script.
DOCS_POLICY = f"{_COMMON}; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class SecurityHeadersMiddleware:
    """Adds the policies to every response, and keeps API answers out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        path = request.path
        if path.startswith("/admin/"):
            policy = ADMIN_POLICY
        elif path == "/api/v1/docs/":
            policy = DOCS_POLICY
        else:
            policy = APP_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", "geolocation=(), microphone=(), payment=()")
        if path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
