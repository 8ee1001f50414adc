"""Choosing a grid cell in an office form: only cells that the user may write in."""

from typing import Any

from django import forms

from backend.core.office.deeds import DeedForm
from backend.regions.choices import Level
from backend.regions.models import Region

#: Above this many cells a list helps nobody: the code is typed instead.
LISTED = 400


def cell_field(user: Any, capability: str, *, label: str = "网格") -> forms.Field:
    """A list of the cells in which `user` holds `capability`, village by village; a typed code for large regions."""
    return _field(user, capability, Level.GRID, label)


def village_field(user: Any, capability: str, *, label: str = "村（社区）") -> forms.Field:
    """The same for villages."""
    return _field(user, capability, Level.VILLAGE, label)


def _field(user: Any, capability: str, level: Level, label: str) -> forms.Field:
    rows = Region.objects.visible_to(user, capability).real().filter(level=level, valid_to=None)
    cells = list(rows.order_by("code").values_list("code", "name")[: LISTED + 1])
    if len(cells) > LISTED:
        digits = 15 if level is Level.GRID else 12
        return forms.CharField(label=label, max_length=15, help_text=f"填写 {digits} 位区划代码。")
    names = dict(Region.objects.filter(code__in={code[:-3] for code, _ in cells}).values_list("code", "name"))
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, name in cells:
        groups.setdefault(names.get(code[:-3], ""), []).append((code, f"{name}（{code[-3:]}）"))
    return forms.ChoiceField(label=label, choices=[("", "请选择"), *groups.items()])


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
