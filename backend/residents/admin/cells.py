"""What the office does to a whole cell: split it, merge it into another. The deeds stand on the cell's own page."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from backend.core.admin import Deed, DeedDone, DeedForm
from backend.regions.admin import CellFieldsForm, RegionAdmin, is_open_cell
from backend.regions.formfields import CellForm
from backend.regions.models import Region
from backend.regions.services import CellInput
from backend.regions.services.cells import CELL_EDIT
from backend.residents.selectors import cell_groups
from backend.residents.services import cell_split, cells_merge

_EXPECTED = "先空着提交，系统会说明将转出多少户、多少人；核对无误后把户数填在这里，再提交一次。"


def _expected() -> forms.IntegerField:
    return forms.IntegerField(label="核对户数", min_value=0, required=False, help_text=_EXPECTED)


class SplitForm(CellFieldsForm):
    """The new cell, and which households go to it."""

    number = forms.IntegerField(
        label="新网格编号", min_value=1, max_value=999, help_text="村（社区）内编号，1 到 999。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.key, f"{each.label}（{each.households} 户）") for each in cell_groups(self.target.pk)]
        self.fields["groups"] = forms.MultipleChoiceField(
            label="转到新网格的住户", choices=choices, widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "请至少选一项。"},
        )  # fmt: skip
        self.fields["expected"] = _expected()
        self.order_fields(["number", "name", "groups", "expected"])


class MergeForm(CellForm, DeedForm):
    """The cell that takes over, and what becomes of those who serve here."""

    cell_capability = CELL_EDIT
    cell_label = "并入网格"
    keep_duties = forms.TypedChoiceField(
        label="本网格的在岗人员", choices=[("1", "到并入的网格继续在岗"), ("0", "职责到此结束")],
        coerce=lambda value: value == "1", initial="1", widget=forms.RadioSelect,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expected"] = _expected()


def _split(page: RegionAdmin, request: HttpRequest, target: Region, data: dict[str, Any]) -> DeedDone:
    groups, expected = data.pop("groups"), data.pop("expected")
    item = CellInput(village=target.code[:-3], **data)
    made = cell_split(code=target.code, item=item, groups=groups, expected=expected, actor=request.user)
    return DeedDone(
        f"已拆出“{made.cell.name}”：{made.households} 户、{made.people} 名登记人员转到新网格。请给新网格安排网格员。",
        to=reverse("admin:regions_region_change", args=[made.cell.pk]),
    )


def _merge(page: RegionAdmin, request: HttpRequest, target: Region, data: dict[str, Any]) -> DeedDone:
    made = cells_merge(code=target.code, into=data.pop("region"), actor=request.user, **data)
    return DeedDone(
        f"“{target.name}”已并入“{made.cell.name}”：转入 {made.households} 户、{made.people} 名登记人员。",
        to=reverse("admin:regions_region_change", args=[made.cell.pk]),
    )


CELL_DEEDS = (
    Deed(
        "split", "拆分网格", CELL_EDIT, _split, SplitForm, icon="call_split", applies=is_open_cell,
        explain="选中的住户连同登记人员、返乡人员、未结预警转到新网格；手机上还没上报的记录照常接收。以前的数字不变。"
        "拆错了，把新网格并回来即可。",
    ),
    Deed(
        "merge", "并入另一网格", CELL_EDIT, _merge, MergeForm, icon="call_merge", tone="danger", applies=is_open_cell,
        explain="全部住户连同登记人员、返乡人员、未结预警转到另一网格，本网格从明天起停用；手机上还没上报的记录照常接收。"
        "以前的数字不变。并错了，用“拆分网格”按“原属”选回即可，编号用新的。",
    ),
)  # fmt: skip
