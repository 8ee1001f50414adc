"""A device shows itself with every upload; a revoked one is turned away."""

import uuid

from django.utils import timezone

from backend.accounts.models import Device, User
from backend.core.errors import ApiError, ErrorCode
from backend.core.sql import fetch

# Writing the time of last contact at every upload would cost a row version each; the office needs minutes.
_LOOK_UP = """
SELECT revoked_at IS NOT NULL, last_seen < %(now)s::timestamptz - interval '1 minute'
FROM accounts_device WHERE id = %(device)s
"""


def device_seen(*, device_id: uuid.UUID, user: User) -> None:
    """Note the contact. Raises DEVICE_REVOKED. One query, a second at most once a minute."""
    now = timezone.now()
    rows = fetch(_LOOK_UP, {"device": device_id, "now": now})
    if not rows:
        Device.objects.bulk_create([Device(id=device_id, user=user, last_seen=now)], ignore_conflicts=True)
        return
    revoked, stale = rows[0]
    if revoked:
        raise ApiError(ErrorCode.DEVICE_REVOKED)
    if stale:
        Device.objects.filter(pk=device_id).update(last_seen=now)
