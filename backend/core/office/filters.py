"""Filters of office lists, each narrowing what the scoped queryset already allows."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet, TextChoices
from django.http import HttpRequest

from backend.core import clock
from backend.core.fields import is_region_code
from backend.core.office.directory import directory
from backend.core.scope import Scope


class RegionFilter(SimpleListFilter):
    """Walk down the user's own part of the tree. A region outside it, or nonsense, gives an empty list."""

    title = "区划"
    parameter_name = "region"
    lookup_column = "region_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        scope: Scope = request.user.scope(model_admin.view_capability)  # type: ignore[union-attr]
        chosen = self.value()
        roots = directory().places(scope.prefixes)
        # With one region of one's own, "all" is that region.
        top = {roots[0].code} if len(roots) == 1 else set()
        if chosen and is_region_code(chosen) and scope.covers(chosen):
            path = [place for place in directory().path(chosen) if scope.covers(place.code)]
            shown = [*path, *directory().children(chosen)]
        else:
            shown = directory().children(roots[0].code) if top else roots
        return [(place.code, place.name) for place in shown if place.code not in top]

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if not chosen:
            return queryset
        if not is_region_code(chosen):
            return queryset.none()
        return queryset.filter(Scope.of([chosen]).q(self.lookup_column))


class CodeFilter(RegionFilter):
    """The same, for rows that are regions themselves."""

    lookup_column = "code"


class DayFilter(SimpleListFilter):
    """One business day, or the last seven."""

    title = "日期"
    parameter_name = "day"
    column = "business_day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        choices = [("today", "今天"), ("yesterday", "昨天"), ("week", "近 7 天")]
        chosen = self.value()
        if chosen and chosen not in dict(choices):
            choices.append((chosen, chosen))
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen, today = self.value(), clock.today()
        if not chosen:
            return queryset
        if chosen == "week":
            return queryset.filter(**{f"{self.column}__gte": today - dt.timedelta(days=6)})
        named = {"today": today, "yesterday": today - dt.timedelta(days=1)}
        try:
            day = named.get(chosen) or dt.date.fromisoformat(chosen)
        except ValueError:
            return queryset.none()
        return queryset.filter(**{self.column: day})


class ChoiceFilter(SimpleListFilter):
    """One of a field's declared choices. Make one with `choice_filter`."""

    field = ""
    choice_list: list[tuple[str, str]] = []

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return self.choice_list

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if not chosen:
            return queryset
        return queryset.filter(**{self.field: chosen}) if chosen in dict(self.choice_list) else queryset.none()


def choice_filter(field: str, title: str, choices: Any, *, name: str = "") -> type[ChoiceFilter]:
    """A filter over the choices of a column."""
    listed = [(str(value), str(label)) for value, label in getattr(choices, "choices", choices)]
    made = {"field": field, "title": title, "parameter_name": name or field, "choice_list": listed}
    return type(f"{field.title()}Filter", (ChoiceFilter,), made)


class WaitingFilter(SimpleListFilter):
    """What waits for an answer (`waiting`), unless another state is asked for. Make one with `waiting_filter`."""

    title = "状态"
    parameter_name = "state"
    waiting: Any
    states: Any

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in self.states if state is not self.waiting]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value() or self.waiting.value)

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": self.waiting.label}
        yield from others


def waiting_filter(waiting: TextChoices) -> type[WaitingFilter]:
    """A filter by a column `state` of these choices that opens on `waiting`."""
    return type(f"{type(waiting).__name__}Filter", (WaitingFilter,), {"waiting": waiting, "states": type(waiting)})


def filter_words(specs: list[Any], changelist: Any) -> Iterator[dict[str, Any]]:
    """Each filter as words: its title and its choices with links."""
    for spec in specs:
        yield {"title": spec.title, "choices": list(spec.choices(changelist))}
