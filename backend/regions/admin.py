"""Regions and grid cells in the office (区划与网格)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminFileFieldWidget

from backend.core.admin import Deed, DeedDone, DeedForm, Fact, Section, ServiceModelAdmin, Table, object_link
from backend.core.errors import ApiError, ErrorCode
from backend.core.office.filters import CodeFilter, choice_filter
from backend.core.office.words import date_words, mark, quiet
from backend.regions.choices import LENGTH_OF, CellKind, Level
from backend.regions.formfields import choosable, found_by, labels_of, village_field
from backend.regions.models import Region
from backend.regions.selectors import children_of
from backend.regions.services import CellInput, cell_close, cell_create, cell_update, cells_import
from backend.regions.services.cells import CELL_EDIT
from backend.regions.services.imports import SIZE_LIMIT

#: Regions that a search field offers at a time.
CHOICES_PAGE = 20


class CellFieldsForm(DeedForm):
    """What may be changed on a cell."""

    name = forms.CharField(label="网格名称", max_length=60)
    kind = forms.ChoiceField(label="网格类型", choices=CellKind.choices)
    buildings = forms.CharField(label="楼栋范围", max_length=200, required=False, help_text="如：1–6幢、临街商铺。")
    leader_name = forms.CharField(label="网格长", max_length=40, required=False)


class NewCellForm(CellFieldsForm):
    number = forms.IntegerField(label="网格编号", min_value=1, max_value=999, help_text="村（社区）内编号，1 到 999。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["village"] = village_field(self.for_user, CELL_EDIT)
        self.order_fields(["village", "number", "name"])


class CellFileForm(DeedForm):
    file = forms.FileField(
        label="CSV 文件", max_length=200, widget=UnfoldAdminFileFieldWidget,
        help_text="表头：村代码、网格编号、网格名称、楼栋范围、网格长。UTF-8 或 GBK 均可，可重复导入。",
    )  # fmt: skip


class LevelFilter(choice_filter("level", "层级", Level)):  # type: ignore[misc]
    """Levels that the user's own regions have."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        scope = request.user.scope(model_admin.view_capability)  # type: ignore[union-attr]
        longest = min((len(prefix) for prefix in scope), default=0)
        return [(level.value, level.label) for level in Level if LENGTH_OF[level] >= longest]


def is_open_cell(region: Region) -> bool:
    """A cell in use."""
    return region.level == Level.GRID and region.valid_to is None


@admin.register(Region)
class RegionAdmin(ServiceModelAdmin):
    view_capability = "region_view"
    list_display = ("name", "within", "code", "level_word", "kind_word", "buildings", "leader_name", "in_use")
    list_filter = (CodeFilter, LevelFilter, choice_filter("kind", "类型", CellKind))
    search_fields = ("name",)
    search_help_text = "按名称查"
    ordering = ("code",)
    deeds = (
        Deed("new", "新建网格", CELL_EDIT, "do_new", NewCellForm, icon="add", tone="primary", on_list=True),
        Deed(
            "import", "从文件导入网格", CELL_EDIT, "do_import", CellFileForm, icon="upload_file", on_list=True,
            explain="逐行核对，有误的行不导入并说明原因，其余照常生效。已有的网格按文件更新。",
        ),
        Deed("edit", "修改网格", CELL_EDIT, "do_edit", CellFieldsForm, initial="initial_edit", applies=is_open_cell),
        Deed(
            "close", "停用网格", CELL_EDIT, "do_close", icon="block", tone="danger", applies=is_open_cell,
            explain="停用后，这个网格从今天起不再上报。网格内的住户和在岗职责须先转出。编号不能再用。",
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(placeholder=False)

    def get_urls(self) -> list[URLPattern]:
        choose = self.admin_site.admin_view(self.choose_view)
        return [path("choose/", choose, name="regions_region_choose"), *super().get_urls()]

    def choose_view(self, request: HttpRequest) -> JsonResponse:
        """`?capability=&levels=&term=&page=` → what a form's search field offers, out of the user's own scope."""
        asked = request.GET
        levels = [level for level in asked.get("levels", "").split(",") if level in Level.values]
        rows = found_by(choosable(request.user, asked.get("capability", ""), levels), asked.get("term", "")[:60])
        page = Paginator(rows, CHOICES_PAGE).get_page(asked.get("page", "1"))
        found = [{"id": code, "text": text} for code, text in labels_of(page.object_list)]
        return JsonResponse({"results": found, "pagination": {"more": page.has_next()}})

    @admin.display(description="所在")
    def within(self, region: Region) -> str:
        return " › ".join(region.office_path[:-1])  # type: ignore[attr-defined]

    @admin.display(description="层级", ordering="level")
    def level_word(self, region: Region) -> str:
        return Level(region.level).label

    @admin.display(description="类型")
    def kind_word(self, region: Region) -> str:
        return CellKind(region.kind).label if region.kind else ""

    @admin.display(description="使用情况")
    def in_use(self, region: Region) -> Any:
        return "在用" if region.valid_to is None else mark(f"{date_words(region.valid_to)} 停用", "calm")

    def page_title(self, target: Region) -> str:
        return f"{Level(target.level).label} {target.name}"

    def sections(self, request: HttpRequest, target: Region) -> list[Section]:
        facts = [
            Fact("代码", target.code),
            Fact("层级", Level(target.level).label),
            Fact("所在", self.within(target) or quiet("本级")),
            Fact("使用情况", self.in_use(target)),
        ]
        if target.level == Level.GRID:
            facts += [
                Fact("网格类型", self.kind_word(target)),
                Fact("网格长", target.leader_name),
                Fact("楼栋范围", target.buildings, wide=True),
            ]
        return [Section("基本情况", facts)]

    def tables(self, request: HttpRequest, target: Region) -> list[Table]:
        if target.level == Level.GRID:
            return []
        below = list(children_of(target.code)[:200])
        rows = [[object_link(row), row.code, row.leader_name or quiet("")] for row in below]
        more = f"{reverse('admin:regions_region_changelist')}?region={target.code}"
        return [Table("下级区划", ["名称", "代码", "网格长"], rows, empty="下面还没有区划或网格。", more=more)]

    def do_new(self, request: HttpRequest, target: None, data: dict[str, Any]) -> DeedDone:
        cell = cell_create(actor=request.user, item=CellInput(**data))
        return DeedDone(f"已新建网格“{cell.name}”。", to=reverse("admin:regions_region_change", args=[cell.pk]))

    def do_import(self, request: HttpRequest, target: None, data: dict[str, Any]) -> DeedDone:
        if data["file"].size > SIZE_LIMIT:
            raise ApiError(ErrorCode.BAD_IMPORT, field="file", message="文件超过 4 MB，请分成几个文件导入。")
        report = cells_import(actor=request.user, content=data["file"].read())
        lines = [f"第 {line.line} 行 {line.code}：{line.message}" for line in report.refused]
        counts = f"新建 {report.created}，更新 {report.updated}，无变化 {report.unchanged}，未导入 {len(lines)}。"
        return DeedDone(counts, lines=lines, note="未导入的行改好后可整份再导入一次。" if lines else "")

    def initial_edit(self, request: HttpRequest, target: Region) -> dict[str, Any]:
        return {name: getattr(target, name) for name in ("name", "kind", "buildings", "leader_name")}

    def do_edit(self, request: HttpRequest, target: Region, data: dict[str, Any]) -> DeedDone:
        cell_update(actor=request.user, code=target.code, changes=data)
        return DeedDone("网格已修改。")

    def do_close(self, request: HttpRequest, target: Region, data: dict[str, Any]) -> DeedDone:
        cell_close(actor=request.user, code=target.code)
        return DeedDone(f"网格“{target.name}”已停用。")
