"""Signing in and out, on this device and everywhere."""

import uuid
from dataclasses import dataclass

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from backend.accounts.choices import DEVICE_KEY
from backend.accounts.listeners import announce_signed_out
from backend.accounts.models import Device, Session, User
from backend.audit.services import audit_record
from backend.core.errors import ApiError, ErrorCode


@dataclass(frozen=True)
class DeviceClaim:
    """What a phone says of itself at sign-in: the id it made at its first start, and a name to recognise it by."""

    id: uuid.UUID
    name: str = ""


def session_open(*, request: HttpRequest, username: str, password: str, device: DeviceClaim | None = None) -> User:
    """Sign in and bind the session to `device`. Raises `bad_credentials`, `locked_out`, `device_revoked`.

    A device is in one person's hands at a time: whoever signs in on it takes it over, and the session that was open on
    it ends.
    """
    user = authenticate(request, username=username, password=password)
    if user is None:
        locked = getattr(request, "axes_locked_out", False)
        raise ApiError(ErrorCode.LOCKED_OUT if locked else ErrorCode.BAD_CREDENTIALS)
    assert isinstance(user, User)
    with transaction.atomic():
        if device is not None:
            _refuse_revoked(device)
        login(request, user)
        if device is not None:
            request.session[DEVICE_KEY] = str(device.id)
            request.session.save()
            _device_claim(user=user, device=device, session_key=request.session.session_key or "")
    return user


def _refuse_revoked(device: DeviceClaim) -> None:
    if Device.objects.filter(pk=device.id, revoked_at__isnull=False).exists():
        raise ApiError(ErrorCode.DEVICE_REVOKED)


def _device_claim(*, user: User, device: DeviceClaim, session_key: str) -> None:
    now = timezone.now()
    fresh = {"user": user, "name": device.name, "last_seen": now, "session_key": session_key}
    row, made = Device.objects.select_for_update().get_or_create(pk=device.id, defaults=fresh)
    if made:
        return
    if row.session_key and row.session_key != session_key:
        Session.objects.filter(session_key=row.session_key).delete()
    if row.user_id != user.pk:
        audit_record(actor=user, action="device_taken_over", target_kind="device", target_id=row.pk)
    row.user, row.last_seen, row.session_key = user, now, session_key
    row.name = device.name or row.name
    row.save(update_fields=["user", "last_seen", "session_key", "name"])


def session_close(*, request: HttpRequest) -> None:
    """Sign out here. The device stays known."""
    key = request.session.session_key
    if key:
        Device.objects.filter(session_key=key).update(session_key="")
    logout(request)


def sessions_end(
    *, user: User, actor: User | None, action: str = "sessions_ended", keep: HttpRequest | None = None
) -> None:
    """End every session of `user`, on every device, but for the one that `keep` came in; sockets hear of it."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(sign_in_version=F("sign_in_version") + 1)
        user.refresh_from_db(fields=["sign_in_version"])
        kept = keep.session.session_key or "" if keep is not None else ""
        ended = user.devices.exclude(session_key__in=["", kept])
        Session.objects.filter(session_key__in=list(ended.values_list("session_key", flat=True))).delete()
        ended.update(session_key="")
        if keep is not None:
            update_session_auth_hash(keep, user)
            Device.objects.filter(session_key=kept).exclude(session_key="").update(
                session_key=keep.session.session_key or ""
            )
        audit_record(actor=actor, action=action, target_kind="user", target_id=user.pk)
        announce_signed_out(user.pk)
