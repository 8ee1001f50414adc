"""Sign-in by session, and the one permission class: what a view declares for a method. See docs/scope.md."""

from typing import Any, Final

from rest_framework import exceptions as drf
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from backend.core.errors import ApiError, ErrorCode

#: Declared in place of a capability: open without sign-in, or open to whoever is signed in.
ANYONE: Final = "@anyone"
SIGNED_IN: Final = "@signed-in"


class SessionSignIn(SessionAuthentication):
    """Session cookie plus CSRF token. Answers 401, not 403, to who is not signed in."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        # The user himself, not Django's stand-in that looks him up when first asked, and passes on every question.
        return (getattr(found[0], "_wrapped", found[0]), None) if found else None

    def authenticate_header(self, request: Request) -> str:
        return "Session"

    def enforce_csrf(self, request: Request) -> None:
        try:
            # Django's own request: asked for a form field, DRF's would first parse the whole JSON body.
            super().enforce_csrf(request._request)  # type: ignore[arg-type]
        except drf.PermissionDenied as error:
            raise ApiError(ErrorCode.CSRF_FAILED) from error


class DeclaredCapability(BasePermission):
    """Allows what the view declares in `capabilities` for this method; denies what it does not declare."""

    def has_permission(self, request: Request, view: Any) -> bool:
        needed = getattr(view, "capabilities", {}).get(request.method or "")
        if needed is None and request.method == "OPTIONS":
            needed = SIGNED_IN
        if needed is None and not hasattr(view, (request.method or "").lower()):
            raise drf.MethodNotAllowed(request.method or "")
        if needed == ANYONE:
            return True
        if not request.user.is_authenticated:
            raise drf.NotAuthenticated
        if request.user.must_change_password and not getattr(view, "open_before_password_change", False):
            raise ApiError(ErrorCode.PASSWORD_CHANGE_REQUIRED)
        return needed == SIGNED_IN or (needed is not None and request.user.has_capability(needed))
