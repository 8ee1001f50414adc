"""Reads of the region tree."""

from collections.abc import Iterable

from backend.regions.models import Region, RegionQuerySet


def predecessors_of(code: str) -> list[str]:
    """Every code that `code` succeeded, directly or through others, in code order."""
    found: set[str] = set()
    wave = {code}
    while wave:
        wave = set(Region.objects.filter(successor_code__in=wave).values_list("code", flat=True)) - found - {code}
        found |= wave
    return sorted(found)


def region_names(codes: Iterable[str]) -> dict[str, str]:
    """Code → name for those of `codes` that exist."""
    return dict(Region.objects.filter(code__in=set(codes)).values_list("code", "name"))


def children_of(code: str) -> RegionQuerySet:
    """Real regions directly below `code` that are in use; pseudo levels are skipped."""
    return Region.objects.real().filter(parent_code=code, valid_to=None).order_by("code")
