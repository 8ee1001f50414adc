"""A device shows itself with every upload; a revoked one is turned away."""

import uuid

from django.utils import timezone

from backend.accounts.at_hand import DeviceState
from backend.accounts.models import Device, User
from backend.accounts.selectors import device_state
from backend.core.errors import ApiError, ErrorCode


def device_seen(*, device_id: uuid.UUID, user: User, known: DeviceState | None = None) -> None:
    """Note the contact. Raises DEVICE_REVOKED. `known` is the device of the session, read in this request.

    No query for the device that signed in; another is looked up. One more at most once a minute: writing the time of
    last contact at every upload would cost a row version each, and the office needs minutes.
    """
    state = known if known and known.id == device_id else device_state(device_id)
    if state is None:
        Device.objects.bulk_create([Device(id=device_id, user=user, last_seen=timezone.now())], ignore_conflicts=True)
    elif state.revoked:
        raise ApiError(ErrorCode.DEVICE_REVOKED)
    elif state.stale:
        Device.objects.filter(pk=device_id).update(last_seen=timezone.now())
