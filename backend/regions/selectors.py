"""Reads of the region tree."""

from collections.abc import Iterable

from backend.core.scope import Scope, ancestors
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


def roots_of(scope: Scope) -> list[Region]:
    """The regions at which a scope begins, in code order."""
    return list(Region.objects.filter(code__in=scope.prefixes).order_by("code"))


def region_path(code: str) -> list[Region]:
    """From the province down to `code`, itself included, pseudo levels left out."""
    return list(Region.objects.real().filter(code__in=ancestors(code)).order_by("code"))
