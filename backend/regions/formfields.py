"""Choosing a region in an office form: a short list is shown whole, a long one is searched. See docs/office.md."""

from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.urls import reverse
from unfold.widgets import UnfoldAdminAutocompleteModelChoiceFieldWidget

from backend.core.office.deeds import DeedForm
from backend.core.office.directory import directory
from backend.core.scope import Scope, ancestors
from backend.regions.choices import LENGTH_OF, Level
from backend.regions.models import Region, RegionQuerySet

#: Up to so many regions are a list; above, one types a part of the name.
LISTED = 60
#: Divisions that a word of a search may name; more say nothing.
_NAMED = 200


def choosable(user: Any, capability: str, levels: Collection[str]) -> RegionQuerySet:
    """Regions in use at `levels` in which `user` holds `capability`, in code order."""
    rows: RegionQuerySet = Region.objects.visible_to(user, capability).real()  # type: ignore[assignment]
    return rows.filter(level__in=levels, valid_to=None).order_by("code")


def found_by(rows: RegionQuerySet, words: str) -> RegionQuerySet:
    """Those of `rows` that every word names: the region itself, a division it lies in, or the start of its code."""
    for word in words.split()[:4]:
        above = Region.objects.real().filter(name__contains=word).exclude(level=Level.GRID)
        within = Scope.of(list(above.values_list("code", flat=True)[:_NAMED]))
        wanted = Q(name__contains=word) | (Q(code__startswith=word) if word.isdigit() else Q())
        rows = rows.filter(wanted | within.q("code") if within else wanted)
    return rows


def labels_of(rows: Iterable[Region]) -> list[tuple[str, str]]:
    """`(code, 第二网格（松河街道 › 松河社区）)`, with the names in one query."""
    listed = list(rows)
    names = directory().names({code for row in listed for code in ancestors(row.code)})
    return [(row.code, _label(row, names)) for row in listed]


def _label(row: Region, names: dict[str, str]) -> str:
    # The last two divisions above tell one 第二网格 from another.
    above = [names[code] for code in ancestors(row.code)[:-1] if code in names][-2:]
    return f"{row.name}（{' › '.join(above)}）" if above else row.name


class RegionSelect(UnfoldAdminAutocompleteModelChoiceFieldWidget):
    """A select that asks the server while one types; of its options only the chosen one is in the page."""

    def __init__(self, capability: str, levels: Collection[str]) -> None:
        super().__init__()
        self.attrs |= {"data-placeholder": "输入名称或代码查找", "data-language": "zh-CN", "data-allow-clear": "false"}
        self.asked = urlencode({"capability": capability, "levels": ",".join(levels)})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        chosen = Region.objects.filter(code=value) if value else Region.objects.none()
        self.choices = [("", ""), *labels_of(chosen)]
        url = f"{reverse('admin:regions_region_choose')}?{self.asked}"
        return super().get_context(name, value, {**(attrs or {}), "data-ajax--url": url})

    @property
    def media(self) -> forms.Media:
        # Its words come after select2 and before jQuery gives up its global name.
        names = ("vendor/select2/select2.full.js", "vendor/select2/i18n/zh-CN.js", "jquery.init.js")
        return super().media + forms.Media(js=[f"admin/js/{name}" for name in names])


class RegionField(forms.CharField):
    """The code of a region out of `choosable`, searched."""

    def __init__(self, user: Any, capability: str, levels: Collection[str], *, label: str) -> None:
        words = {"required": f"请选择{label}。"}
        super().__init__(label=label, max_length=15, widget=RegionSelect(capability, levels), error_messages=words)
        self.user, self.capability, self.levels = user, capability, levels

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not choosable(self.user, self.capability, self.levels).filter(code=value).exists():
            raise ValidationError("请从查到的区划中选择。", code="invalid_choice")


def region_field(user: Any, capability: str, levels: Collection[str], *, label: str) -> forms.Field:
    """Any of several levels, indented by level when the list is short."""
    rows = list(choosable(user, capability, levels)[: LISTED + 1])
    if len(rows) > LISTED:
        return RegionField(user, capability, levels, label=label)
    order = Level.values
    top = min((order.index(row.level) for row in rows), default=0)
    named = [
        (row.code, f"{'　' * (order.index(row.level) - top)}{row.name}（{Level(row.level).label}）") for row in rows
    ]
    return _listed(label, named)


def cell_field(user: Any, capability: str, *, label: str = "网格") -> forms.Field:
    """The cells in which `user` holds `capability`, village by village."""
    return _grouped(user, capability, Level.GRID, label)


def village_field(user: Any, capability: str, *, label: str = "村（社区）") -> forms.Field:
    """The same for villages, township by township."""
    return _grouped(user, capability, Level.VILLAGE, label)


def _grouped(user: Any, capability: str, level: Level, label: str) -> forms.Field:
    rows = list(choosable(user, capability, [level.value])[: LISTED + 1])
    if len(rows) > LISTED:
        return RegionField(user, capability, [level.value], label=label)
    length = LENGTH_OF[level] - 3
    names = directory().names({row.code[:length] for row in rows})
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault(names.get(row.code[:length], ""), []).append((row.code, f"{row.name}（{row.code[length:]}）"))
    return _listed(label, groups.items())


def _listed(label: str, choices: Iterable[Any]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=[("", "请选择"), *choices], error_messages={"required": f"请选择{label}。"}
    )


class CellForm(DeedForm):
    """A deed's form with a field `region`: a cell in which the user holds `cell_capability`."""

    cell_capability = ""
    cell_label = "网格"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cell_field(self.for_user, self.cell_capability, label=self.cell_label)
        field.error_messages["required"] = "请选择网格。"
        self.fields["region"] = field
        self.order_fields(["region"])
