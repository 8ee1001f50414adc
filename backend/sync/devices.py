"""A device shows itself with every upload; a revoked one is turned away."""

import datetime as dt
import uuid

from django.utils import timezone

from backend.accounts.models import Device, User
from backend.core.errors import ApiError, ErrorCode

# Writing the time of last contact at every upload would cost a row version each; the office needs minutes.
_STALE = dt.timedelta(minutes=1)


def device_seen(*, device_id: uuid.UUID, user: User) -> None:
    """Note the contact. Raises DEVICE_REVOKED. One query, a second at most once a minute."""
    now = timezone.now()
    row = Device.objects.filter(pk=device_id).values_list("revoked_at", "last_seen").first()
    if row is None:
        Device.objects.bulk_create([Device(id=device_id, user=user, last_seen=now)], ignore_conflicts=True)
        return
    revoked_at, last_seen = row
    if revoked_at is not None:
        raise ApiError(ErrorCode.DEVICE_REVOKED)
    if now - last_seen > _STALE:
        Device.objects.filter(pk=device_id).update(last_seen=now)
