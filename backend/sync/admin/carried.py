"""代交文件 in the office: files carried in by hand. See docs/hand-carry.md."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanWidget

from backend.accounts.choices import Capability
from backend.core.admin import Deed, DeedDone, DeedForm, Fact, Section, ServiceModelAdmin, object_link
from backend.core.office.filters import RegionFilter
from backend.core.office.words import mark, time_words
from backend.facts.choices import Verdict
from backend.sync.carrying import carried_accept
from backend.sync.models import CarriedFile


class CarriedFileForm(DeedForm):
    file = forms.FileField(
        label="代交文件", max_length=200, widget=UnfoldAdminFileFieldWidget,
        help_text="手机上“我的 › 待上报 › 带出记录”导出的文件。内容只有系统能打开，同一份交几次都只算一次。",
    )  # fmt: skip
    accept_revoked = forms.BooleanField(
        label="手机已停用，仍然收下", required=False, widget=UnfoldBooleanWidget,
        help_text="只在本人确认记录属实时勾选。",
    )  # fmt: skip


@admin.register(CarriedFile)
class CarriedFileAdmin(ServiceModelAdmin):
    view_capability = Capability.RECORD_CARRY
    list_display = ("writer", "place", "items", "came_of_it", "received_words", "bringer")
    list_filter = (RegionFilter,)
    search_fields = ("author__display_name",)
    search_help_text = "按记录人姓名查"
    list_select_related = ("author", "courier")
    ordering = ("-received_at",)
    empty_text = "还没有人代交过记录。手机长期没有网络时，可把未上报的记录导出成文件，由他人带来在这里收下。"
    deeds = (
        Deed(
            "take_in", "收下代交文件", Capability.RECORD_CARRY, "do_take_in", CarriedFileForm, icon="upload_file",
            tone="primary", on_list=True,
            explain="记录按原来的记录人、原来的时间入库；手机以后联网再报也不会重复。",
        ),
    )  # fmt: skip

    @admin.display(description="记录人", ordering="author__display_name")
    def writer(self, file: CarriedFile) -> str:
        return file.author.display_name

    @admin.display(description="所在")
    def place(self, file: CarriedFile) -> str:
        return getattr(file, "office_place", file.region_code)

    @admin.display(description="结果")
    def came_of_it(self, file: CarriedFile) -> Any:
        said = [f"新入库 {file.created}"]
        if file.duplicates:
            said.append(f"此前已入库 {file.duplicates}")
        if file.refused:
            return mark("，".join([*said, f"待本人处理 {file.refused}"]), "warn")
        return "，".join(said)

    @admin.display(description="收到时间", ordering="received_at")
    def received_words(self, file: CarriedFile) -> str:
        return time_words(file.received_at)

    @admin.display(description="代交人", ordering="courier__display_name")
    def bringer(self, file: CarriedFile) -> str:
        return file.courier.display_name

    def page_title(self, target: CarriedFile) -> str:
        return f"{target.author.display_name}的代交文件"

    def sections(self, request: HttpRequest, target: CarriedFile) -> list[Section]:
        return [
            Section(
                "代交文件",
                [
                    Fact("记录人", object_link(target.author, target.author.display_name)),
                    Fact("所在", self.place(target)),
                    Fact("手机导出时间", time_words(target.made_at)),
                    Fact("收到时间", time_words(target.received_at)),
                    Fact("代交人", target.courier.display_name),
                    Fact("条数", target.items),
                    Fact("结果", self.came_of_it(target)),
                    Fact("代交次数", target.times),
                ],
            )
        ]

    def do_take_in(self, request: HttpRequest, target: None, data: dict[str, Any]) -> DeedDone:
        courier: Any = request.user
        content = data["file"].read()
        brought = carried_accept(courier=courier, content=content, accept_revoked=data["accept_revoked"])
        counts = brought.counts
        refused = [
            f"第 {number} 条：{result.message or '未入库'}"
            for number, result in enumerate(brought.results, start=1)
            if result.verdict in {Verdict.REJECTED, Verdict.CONFLICT}
        ]
        said = (
            f"{brought.file.author.display_name}的 {len(brought.results)} 条记录："
            f"新入库 {counts['created']}，此前已入库 {counts['duplicate']}，待本人处理 {len(refused)}。"
        )
        note = "这些记录仍在原手机上，由本人改好再报，或选定保留哪一个。" if refused else ""
        return DeedDone(said, lines=refused, note=note)
