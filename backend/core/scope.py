"""Scope (管辖范围): the set of region prefixes a user may see. Empty matches nothing. See docs/scope.md."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from backend.core.fields import CODE_LENGTHS


@lru_cache(maxsize=16384)
def ancestors(code: str) -> tuple[str, ...]:
    """Every prefix of `code` that is itself a region code, the code included: `220502` → `22, 2205, 220502`."""
    return tuple([code[:length] for length in CODE_LENGTHS if length <= len(code)])


M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Scope:
    """A set of region prefixes, kept minimal: a prefix below another one is dropped."""

    prefixes: frozenset[str]

    @classmethod
    def of(cls, codes: Iterable[str]) -> Self:
        """The scope of `codes`. An empty code names no region and is dropped: it must not match everything."""
        given = frozenset(filter(None, codes))
        if len(given) == 1:
            return cls(given)
        return cls(frozenset(code for code in given if not any(a in given for a in ancestors(code)[:-1])))

    @classmethod
    def nothing(cls) -> Self:
        return cls(frozenset())

    def __bool__(self) -> bool:
        return bool(self.prefixes)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.prefixes))

    def __and__(self, other: "Scope") -> "Scope":
        """What lies in both."""
        return Scope.of([*filter(other.covers, self), *filter(self.covers, other)])

    def covers(self, code: str) -> bool:
        """Whether the region `code` lies in this scope."""
        return code.startswith(self._starts)

    @cached_property
    def _starts(self) -> tuple[str, ...]:
        return tuple(self.prefixes)

    def q(self, lookup: str = "region_code") -> Q:
        """A filter on the column `lookup`; matches no row when the scope is empty."""
        condition = Q(pk__in=())
        for prefix in self:
            condition |= Q(**{f"{lookup}__gte": prefix, f"{lookup}__lt": after(prefix)})
        return condition


def after(prefix: str) -> str:
    """The first string, in "C" order, past every code that starts with `prefix`: `2205` → `2205:`."""
    return prefix + ":"


class ScopedQuerySet(models.QuerySet[M]):
    """Rows that carry a region code. `visible_to` is the only way views, lists and admin pages obtain them."""

    scope_lookup = "region_code"

    def within(self, scope: Scope) -> Self:
        """Rows inside `scope`; none when it is empty."""
        return self.filter(scope.q(self.scope_lookup)) if scope else self.none()

    def visible_to(self, user: Any, capability: str | None = None) -> Self:
        """Rows inside the regions in which `user` holds `capability` today (any duty when None)."""
        return self.within(user.scope(capability)) if user.is_authenticated else self.none()
