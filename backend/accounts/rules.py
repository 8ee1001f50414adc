"""Pure decisions of sign-in and delegation: whose request this is, who may hand out what."""

import enum
from collections.abc import Iterable
from fnmatch import fnmatch
from urllib.parse import urlsplit

from backend.accounts.choices import CAPABILITIES_OF, HEALTH_CAPABILITIES, LEVELS_OF, Capability, Role
from backend.core.scope import Scope
from backend.regions.choices import Level


def origin_allowed(origin: str, *, scheme: str, host: str, trusted: Iterable[str]) -> bool:
    """Whether a browser's `Origin` header names this system: the same host, or one of `trusted`.

    `trusted` are entries of CSRF_TRUSTED_ORIGINS, a leading `*.` in the host standing for any subdomain. A page that
    was itself served in clear text is refused when this request came over TLS.
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return False
    if parts.netloc.lower() == host.lower() and (scheme == "http" or parts.scheme == "https"):
        return True
    return any(
        parts.scheme == urlsplit(entry).scheme and fnmatch(parts.netloc.lower(), urlsplit(entry).netloc.lower())
        for entry in trusted
    )


def level_fits(role: Role, level: Level) -> bool:
    """Whether a duty in `role` may lie at `level`."""
    return level in LEVELS_OF[role]


class Refusal(enum.Enum):
    """Why a role may not be handed out."""

    HEALTH_ONLY = "health_only"
    TOO_WIDE = "too_wide"


def may_hand_out(
    role: Role, region: str, *, scopes: dict[Capability, Scope], health_regions: Iterable[str], parent: str | None
) -> Refusal | None:
    """Why somebody may not put `role` into `region`'s hands; None when he may.

    `scopes`: for each capability, the regions in which he holds it. `health_regions`: regions of his own health duties.
    `parent`: the nearest real region above. Nobody hands out what he does not hold there himself; health capabilities
    pass only from the health officer one level up.
    """
    wanted = CAPABILITIES_OF[role]
    if wanted & HEALTH_CAPABILITIES:
        if parent is None or parent not in set(health_regions):
            return Refusal.HEALTH_ONLY
        wanted = wanted - HEALTH_CAPABILITIES
    if all(scopes.get(capability, Scope.nothing()).covers(region) for capability in wanted):
        return None
    return Refusal.TOO_WIDE
