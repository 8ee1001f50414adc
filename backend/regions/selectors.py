"""Reads of the region tree."""

from backend.regions.models import Region


def predecessors_of(code: str) -> list[str]:
    """Every code that `code` succeeded, directly or through others, in code order."""
    found: set[str] = set()
    wave = {code}
    while wave:
        wave = set(Region.objects.filter(successor_code__in=wave).values_list("code", flat=True)) - found - {code}
        found |= wave
    return sorted(found)
