"""Reads about users, duties and devices."""

import uuid
from typing import Any

from django.conf import settings
from django.utils import timezone

from backend.accounts.at_hand import DEVICE, DeviceState
from backend.accounts.choices import Capability, Role
from backend.accounts.models import Device, Duty, User
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.scope import Scope
from backend.core.sql import fetch
from backend.regions.models import Region


def scope_of(user: User) -> Scope:
    """The regions of the user's duties of today."""
    return user.scope()


def user_visible(*, actor: User, user_id: int, capability: str = Capability.USER_VIEW) -> User:
    """One user of the actor's regions; missing and foreign look the same (`not_found`)."""
    user = User.objects.visible_to(actor, capability).filter(pk=user_id).first()
    if user is None:
        raise ApiError(ErrorCode.NOT_FOUND)
    return user


def device_usable(device_id: uuid.UUID | str) -> bool:
    """Whether this device may still talk to us; a device never seen may."""
    return not Device.objects.filter(pk=device_id, revoked_at__isnull=False).exists()


_DEVICE = f"SELECT {DEVICE} FROM accounts_device v WHERE v.id = %(device)s"


def device_state(device_id: uuid.UUID) -> DeviceState | None:
    """How the device stands now; None for one never seen."""
    rows = fetch(_DEVICE, {"device": device_id, "now": timezone.now()})
    return DeviceState(*rows[0]) if rows else None


def devices_of(user: User) -> list[Device]:
    """The user's devices in use, the latest first."""
    return list(user.devices.filter(revoked_at=None).order_by("-last_seen"))


def commands(actor: User, user: User, capability: str) -> bool:
    """Whether `user` stands below `actor`: each of his duties, in force or to come, lies below a region in which
    `actor` holds `capability`, and holds nothing that `actor` does not hold there.
    """
    duties = list(Duty.objects.filter(user=user, revoked_at=None).exclude(valid_to__lt=clock.today()))
    own = actor.scope(capability)
    if not duties or user.pk == actor.pk:
        return False
    return all(
        own.covers(duty.region_code)
        and duty.region_code not in own.prefixes
        and all(actor.scope(c).covers(duty.region_code) for c in duty.capabilities)
        for duty in duties
    )


def answers_for(actor: User, user: User, capability: str) -> bool:
    """Whether all that `user` served in the last month lies below a region in which `actor` holds `capability`."""
    own = actor.scope(capability)
    served = [duty.region_code for duty in user.recent_duties]
    return bool(served) and all(own.covers(code) and code not in own.prefixes for code in served)


def duties_in(code: str) -> int:
    """How many duties in force, or to come, lie in the region `code` itself."""
    return Duty.objects.filter(region_code=code, revoked_at=None).exclude(valid_to__lt=clock.today()).count()


def session_state(user: User, *, csrf: str) -> dict[str, Any]:
    """The answer of the session API: see docs/accounts.md."""
    duties = sorted(user.current_duties, key=lambda d: (len(d.region_code), d.region_code, d.role))
    regions = {r.code: r for r in Region.objects.filter(code__in={d.region_code for d in duties})}
    roles = sorted({Role(d.role) for d in duties}, key=list(Role).index)
    return {
        "user": {"id": user.pk, "username": user.username, "name": str(user)},
        "roles": [{"role": role.value, "label": role.label} for role in roles],
        "duties": [
            {
                "role": duty.role,
                "role_label": Role(duty.role).label,
                "region": duty.region_code,
                "region_name": regions[duty.region_code].name if duty.region_code in regions else duty.region_code,
                "level": regions[duty.region_code].level if duty.region_code in regions else None,
                "from": duty.valid_from.isoformat(),
                "to": duty.valid_to.isoformat() if duty.valid_to else None,
            }
            for duty in duties
        ],
        "capabilities": sorted(user.capabilities),
        "api_level": settings.API_LEVEL,
        "csrf": csrf,
        "server_time": clock.now().isoformat(),
        "must_change_password": user.must_change_password,
    }
