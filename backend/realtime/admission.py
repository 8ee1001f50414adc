"""Who may open a socket, and who may keep it: Origin, session, duties. Synchronous; run in a thread by the hub."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host
from django.utils import timezone
from django.utils.http import is_same_domain

from backend.accounts.choices import CAPABILITIES_OF, Capability, Role
from backend.accounts.models import Device, Duty, Session, User
from backend.accounts.session_store import SessionStore
from backend.core.errors import ApiError, ErrorCode
from backend.core.scope import Scope

_MAX_SEQ = 2**63 - 1


@dataclass(frozen=True)
class Grant:
    """What a socket was opened with; it closes as soon as one of these no longer holds."""

    user_id: int
    session_key: str
    sign_in_version: int
    scope: Scope


def header(scope: dict[str, Any], name: bytes) -> str | None:
    """The first header of that name in an ASGI scope."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def origin_allowed(scope: dict[str, Any]) -> bool:
    """Whether the page that opens the socket is ours: the same host, or one of `CSRF_TRUSTED_ORIGINS`.

    A client that is no browser sends no Origin and carries no cookie but its own: it may come in.
    """
    host = (header(scope, b"host") or "").lower()
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    origin = header(scope, b"origin")
    if origin is None:
        return True
    try:
        page = urlsplit(origin.lower())
    except ValueError:
        return False
    if page.scheme not in {"http", "https"} or not page.netloc:
        return False
    trusted = (urlsplit(known) for known in settings.CSRF_TRUSTED_ORIGINS)
    return page.netloc == host or any(
        known.scheme == page.scheme and is_same_domain(page.netloc, known.netloc.lstrip("*")) for known in trusted
    )


def after_of(scope: dict[str, Any]) -> int | None:
    """The `after` parameter; None when it is absent or empty. Raises `ApiError(BAD_FIELD)`."""
    values = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True).get("after", [""])
    text = values[-1]
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > _MAX_SEQ:
        raise ApiError(ErrorCode.BAD_FIELD, field="after")
    return int(text)


def session_key_of(scope: dict[str, Any]) -> str | None:
    """The session cookie of the handshake."""
    try:
        return parse_cookie(header(scope, b"cookie") or "").get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None


def admit(session_key: str | None) -> Grant:
    """The grant of a session. Raises `ApiError`: `not_signed_in`, `password_change_required` or `forbidden`."""
    if not session_key:
        raise ApiError(ErrorCode.NOT_SIGNED_IN)
    user = get_user(SimpleNamespace(session=SessionStore(session_key)))  # type: ignore[arg-type]
    if not isinstance(user, User) or not user.is_active:
        raise ApiError(ErrorCode.NOT_SIGNED_IN)
    if Device.objects.filter(session_key=session_key, revoked_at__isnull=False).exists():
        raise ApiError(ErrorCode.NOT_SIGNED_IN)
    if user.must_change_password:
        raise ApiError(ErrorCode.PASSWORD_CHANGE_REQUIRED)
    scope = user.scope(Capability.ALERT_VIEW)
    if not scope:
        raise ApiError(ErrorCode.FORBIDDEN)
    return Grant(user.pk, session_key, user.sign_in_version, scope)


def review(grants: Iterable[Grant]) -> dict[Grant, str]:
    """Those of `grants` that no longer hold → `signed_out` or `duties_changed`. Four queries, however many."""
    held = list(grants)
    if not held:
        return {}
    keys = [grant.session_key for grant in held]
    users = {grant.user_id for grant in held}
    alive = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).values_list("pk", flat=True)
    )
    alive -= set(
        Device.objects.filter(session_key__in=keys, revoked_at__isnull=False).values_list("session_key", flat=True)
    )
    versions = dict(User.objects.filter(pk__in=users, is_active=True).values_list("pk", "sign_in_version"))
    codes: dict[int, list[str]] = {}
    for duty in Duty.objects.in_force().filter(user_id__in=users):
        if Capability.ALERT_VIEW in CAPABILITIES_OF[Role(duty.role)]:
            codes.setdefault(duty.user_id, []).extend([duty.region_code, *duty.predecessor_codes])
    ended: dict[Grant, str] = {}
    for grant in held:
        if grant.session_key not in alive or grant.user_id not in versions:
            ended[grant] = "signed_out"
        elif versions[grant.user_id] != grant.sign_in_version or Scope.of(codes.get(grant.user_id, [])) != grant.scope:
            ended[grant] = "duties_changed"
    return ended


def ring_user(data: object) -> int | None:
    """The user a ring speaks of, or None when it speaks of events. Anything unreadable is taken as a plain ring."""
    try:
        message = json.loads(data) if isinstance(data, str | bytes) else {}
    except ValueError:
        return None
    user = message.get("user") if isinstance(message, dict) else None
    return user if isinstance(user, int) else None
