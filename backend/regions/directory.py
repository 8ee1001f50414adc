"""Answers the office's questions about regions (`core.office.directory`)."""

from collections.abc import Iterable

from backend.core.office.directory import Place
from backend.core.scope import ancestors
from backend.regions.models import Region
from backend.regions.selectors import children_of


class RegionDirectory:
    """Reads the tree as it stands; a list asks once per page."""

    def names(self, codes: Iterable[str]) -> dict[str, str]:
        rows = Region.objects.real().filter(code__in=set(codes))
        return dict(rows.values_list("code", "name"))

    def path(self, code: str) -> list[Place]:
        return self._placed(Region.objects.real().filter(code__in=ancestors(code)))

    def children(self, code: str) -> list[Place]:
        return self._placed(children_of(code))

    def places(self, codes: Iterable[str]) -> list[Place]:
        return self._placed(Region.objects.filter(code__in=set(codes)))

    def _placed(self, rows: Iterable[Region]) -> list[Place]:
        return sorted((Place(row.code, row.name, row.level) for row in rows), key=lambda place: place.code)
