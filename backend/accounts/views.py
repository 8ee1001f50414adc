"""Sign-in, sign-out, passwords and one's own devices. See docs/accounts.md."""

import uuid
from typing import Any

from django.conf import settings
from django.middleware.csrf import get_token
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.choices import DEVICE_KEY
from backend.accounts.models import User
from backend.accounts.rules import origin_allowed
from backend.accounts.selectors import devices_of, session_state
from backend.accounts.serializers import (
    DeviceListAnswer,
    ErrorAnswer,
    PasswordShape,
    RedeemShape,
    SessionAnswer,
    SignInShape,
)
from backend.accounts.services import (
    DeviceClaim,
    device_revoke,
    password_change,
    password_redeem,
    session_close,
    session_open,
    sessions_end,
)
from backend.core.api import ANYONE, SIGNED_IN, ScopedAPIView
from backend.core.body import read_body
from backend.core.errors import ApiError, ErrorCode

REFUSED = OpenApiResponse(ErrorAnswer, "Refused: `{code, message, field?, detail?}`")


def check_origin(request: Request) -> None:
    """Raise `bad_origin` when a browser says that the request was made by somebody else's page."""
    origin = request.headers.get("Origin")
    if origin is None:
        return
    trusted = settings.CSRF_TRUSTED_ORIGINS
    if not origin_allowed(origin, scheme=request.scheme or "http", host=request.get_host(), trusted=trusted):
        raise ApiError(ErrorCode.BAD_ORIGIN)


class OpenPostView(ScopedAPIView):
    """A view whose POST works without a session and therefore without a CSRF token; Origin is checked instead."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [] if self.request and self.request.method == "POST" else super().get_authenticators()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            check_origin(request)


class SessionView(OpenPostView):
    """The session of this client: sign in, look at it, sign out."""

    capabilities = {"POST": ANYONE, "GET": SIGNED_IN, "DELETE": SIGNED_IN}
    open_before_password_change = True

    @extend_schema(request=SignInShape, responses={200: SessionAnswer, 400: REFUSED, 401: REFUSED, 429: REFUSED})
    def post(self, request: Request) -> Response:
        """Sign in by name and password, on a device when one is named."""
        body = read_body(request, SignInShape)
        claim = DeviceClaim(**body["device"]) if "device" in body else None
        user = session_open(
            request=request._request, username=body["username"], password=body["password"], device=claim
        )
        return Response(session_state(user, csrf=get_token(request._request)))

    @extend_schema(responses={200: SessionAnswer, 401: REFUSED})
    def get(self, request: Request) -> Response:
        """Who am I, what may I do, where."""
        return Response(session_state(_user(request), csrf=get_token(request._request)))

    @extend_schema(request=None, responses={204: None, 401: REFUSED})
    def delete(self, request: Request) -> Response:
        """Sign out here."""
        session_close(request=request._request)
        return Response(status=204)


class SessionEverywhereView(ScopedAPIView):
    """All sessions of the person signed in."""

    capabilities = {"DELETE": SIGNED_IN}
    open_before_password_change = True

    @extend_schema(request=None, responses={204: None, 401: REFUSED})
    def delete(self, request: Request) -> Response:
        """Sign out on every device, this one included."""
        user = _user(request)
        sessions_end(user=user, actor=user)
        session_close(request=request._request)
        return Response(status=204)


class PasswordView(ScopedAPIView):
    """The password of the person signed in."""

    capabilities = {"POST": SIGNED_IN}
    open_before_password_change = True

    @extend_schema(request=PasswordShape, responses={204: None, 400: REFUSED, 401: REFUSED})
    def post(self, request: Request) -> Response:
        """Change it; other sessions end, this one goes on."""
        body = read_body(request, PasswordShape)
        password_change(user=_user(request), old=body["old"], new=body["new"], request=request._request)
        return Response(status=204)


class RedeemView(OpenPostView):
    """A reset code traded for a new password."""

    capabilities = {"POST": ANYONE}

    @extend_schema(request=RedeemShape, responses={204: None, 400: REFUSED})
    def post(self, request: Request) -> Response:
        """Set a new password with the code that the township issued; then sign in with it."""
        body = read_body(request, RedeemShape)
        password_redeem(username=body["username"], code=body["code"], new=body["new"])
        return Response(status=204)


class DeviceListView(ScopedAPIView):
    """Devices on which the person signed in works."""

    capabilities = {"GET": SIGNED_IN}

    @extend_schema(responses={200: DeviceListAnswer, 401: REFUSED})
    def get(self, request: Request) -> Response:
        """My devices in use, the latest first."""
        here = request._request.session.get(DEVICE_KEY)
        rows = [
            {
                "id": d.pk,
                "name": d.name,
                "first_seen": d.first_seen,
                "last_seen": d.last_seen,
                "current": str(d.pk) == here,
            }
            for d in devices_of(_user(request))
        ]
        return Response(DeviceListAnswer({"devices": rows}).data)


class DeviceView(ScopedAPIView):
    """One device."""

    capabilities = {"DELETE": SIGNED_IN}

    @extend_schema(request=None, responses={204: None, 401: REFUSED, 403: REFUSED, 404: REFUSED})
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """Put it out of use: my own, or one of somebody below me."""
        device_revoke(actor=_user(request), device_id=device_id)
        return Response(status=204)


def _user(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
