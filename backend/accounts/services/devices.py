"""Putting a device out of use (停用设备)."""

import uuid

from django.db import transaction
from django.utils import timezone

from backend.accounts.choices import Capability
from backend.accounts.listeners import announce_signed_out
from backend.accounts.models import Device, Session, User
from backend.accounts.selectors import commands
from backend.audit.services import audit_record
from backend.core.errors import ApiError, ErrorCode


def device_revoke(*, actor: User, device_id: uuid.UUID) -> Device:
    """End the device's session and refuse it from now on. One's own, or one of somebody below.

    Idempotent. Raises `not_found` for a device that is not the actor's to see, `forbidden` when he may see it only.
    """
    with transaction.atomic():
        device = Device.objects.select_for_update(of=("self",)).select_related("user").filter(pk=device_id).first()
        if device is None:
            raise ApiError(ErrorCode.NOT_FOUND)
        if device.user_id != actor.pk and not commands(actor, device.user, Capability.DEVICE_MANAGE):
            seen = Device.objects.visible_to(actor, Capability.USER_VIEW).filter(pk=device_id).exists()
            raise ApiError(ErrorCode.FORBIDDEN if seen else ErrorCode.NOT_FOUND)
        if device.revoked_at is None:
            Session.objects.filter(session_key=device.session_key).delete()
            device.revoked_at, device.session_key = timezone.now(), ""
            device.save(update_fields=["revoked_at", "session_key"])
            audit_record(
                actor=actor, action="device_revoked", target_kind="device", target_id=device.pk,
                detail={"user": device.user_id},
            )  # fmt: skip
            announce_signed_out(device.user_id)
    return device
