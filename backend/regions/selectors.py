"""Reads of the region tree."""

from collections.abc import Iterable

from backend.regions.choices import Level
from backend.regions.models import Region, RegionQuerySet

#: How often a cell may have been taken over in a row.
_STEPS = 20


def predecessors_of(code: str) -> list[str]:
    """Every code that `code` succeeded, directly or through others, in code order."""
    found: set[str] = set()
    wave = {code}
    while wave:
        wave = set(Region.objects.filter(successor_code__in=wave).values_list("code", flat=True)) - found - {code}
        found |= wave
    return sorted(found)


def cells_in_use(codes: Iterable[str]) -> dict[str, str]:
    """Code → the cell in use that it is now: itself, or what took it over. Cells that are neither are absent.

    One query, and one more for every step of succession.
    """
    places: dict[str, str] = {code: code for code in codes}
    found: dict[str, str] = {}
    for _ in range(_STEPS):
        rows = {row.code: row for row in Region.objects.filter(code__in=set(places.values()), level=Level.GRID)}
        places = {code: place for code, place in places.items() if place in rows}
        found |= {code: place for code, place in places.items() if rows[place].valid_to is None}
        places = {
            code: successor
            for code, place in places.items()
            if code not in found and (successor := rows[place].successor_code)
        }
        if not places:
            break
    return found


def region_names(codes: Iterable[str]) -> dict[str, str]:
    """Code → name for those of `codes` that exist."""
    return dict(Region.objects.filter(code__in=set(codes)).values_list("code", "name"))


def children_of(code: str) -> RegionQuerySet:
    """Real regions directly below `code` that are in use; pseudo levels are skipped."""
    return Region.objects.real().filter(parent_code=code, valid_to=None).order_by("code")
