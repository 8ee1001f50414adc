"""修改冲突 in the office: both values, and one deed that chooses. See docs/edits.md."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from backend.accounts.choices import Capability
from backend.core.admin import Deed, DeedDone, DeedForm, Fact, PurposeForm, Section, ServiceModelAdmin, Table
from backend.core.errors import ApiError, ErrorCode
from backend.core.office.filters import RegionFilter, waiting_filter
from backend.core.office.words import link, mark, quiet, time_words
from backend.sync.choices import Choice, ConflictState, EditKind
from backend.sync.conflict_words import field_word, value_words
from backend.sync.conflicts import conflict_choose, conflict_reveal
from backend.sync.edits import MAY_EDIT, PERSONAL
from backend.sync.models import EditConflict


class SeenForm(DeedForm):
    """Notes which version of the conflict was looked at: values that changed meanwhile are shown before they go."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class ChoiceForm(SeenForm):
    """One choice for every field of the conflict."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for entry in self.target.fields:
            name, values = entry["field"], self.target.office_values[entry["field"]]
            self.fields[name] = forms.ChoiceField(
                label=field_word(name),
                choices=[(Choice.MINE, f"后报的：{values[0]}"), (Choice.THEIRS, f"现有的：{values[1]}")],
                widget=forms.RadioSelect,
                error_messages={"required": "请选择保留哪一个。"},
            )


class ConflictRevealForm(PurposeForm):
    example = "核对户主姓名"


def _waits(conflict: EditConflict) -> bool:
    return conflict.state == ConflictState.OPEN


_RECORD_PAGES = {
    EditKind.HOUSEHOLD: "admin:residents_household_change", EditKind.PERSON: "admin:residents_person_change",
    EditKind.RETURNEE: "admin:returnees_returnee_change",
}  # fmt: skip


@admin.register(EditConflict)
class EditConflictAdmin(ServiceModelAdmin):
    view_capability = Capability.HOUSEHOLD_VIEW
    list_display = ("record", "place_words", "clash_words", "writer", "received_words", "state_words")
    list_filter = (RegionFilter, waiting_filter(ConflictState.OPEN))
    ordering = ("-received_at",)
    empty_text = "没有等待处理的修改冲突。两个人改了同一项、内容又不同时，会列在这里，由您选择保留哪一个。"
    list_note = "先到的修改已经生效，后到的留在这里。姓名、电话和证件号码只显示一部分。"
    deeds = (
        Deed(
            "mine", "改成后报的", Capability.HOUSEHOLD_EDIT, "do_mine", SeenForm, icon="check", tone="primary",
            applies=_waits, initial="seen_now",
            explain="用手机后报的内容替换系统里现有的内容，处理结果会同步到手机。",
        ),
        Deed(
            "theirs", "保留现有的", Capability.HOUSEHOLD_EDIT, "do_theirs", SeenForm, icon="undo", applies=_waits,
            initial="seen_now",
            explain="系统里的内容不变，手机后报的内容不再采用，处理结果会同步到手机。",
        ),
        Deed(
            "pick", "逐项选择", Capability.HOUSEHOLD_EDIT, "do_pick", ChoiceForm, icon="rule", initial="seen_now",
            applies=lambda conflict: _waits(conflict) and len(conflict.fields) > 1,
            explain="每一项分别选择保留后报的，还是现有的。",
        ),
        Deed(
            "reveal", "查看后报的完整内容", Capability.PERSON_REVEAL, "do_reveal", ConflictRevealForm,
            icon="visibility",
            applies=lambda conflict: _waits(conflict) and any(e["field"] in PERSONAL for e in conflict.fields),
            explain="只显示这一次，操作人、时间和用途都会记入审计。现有的完整内容在住户、人员页面查看。",
        ),
    )  # fmt: skip

    def decorate(self, request: HttpRequest, rows: list[Any]) -> None:
        super().decorate(request, rows)
        values = value_words([entry for row in rows for entry in row.fields])
        for row in rows:
            row.office_values = {
                entry["field"]: (values(entry["field"], entry["mine"]), values(entry["field"], entry["theirs"]))
                for entry in row.fields
            }

    @admin.display(description="记录")
    def record(self, conflict: EditConflict) -> str:
        return f"{conflict.get_kind_display()} {conflict.place}"

    @admin.display(description="所在")
    def place_words(self, conflict: EditConflict) -> str:
        return getattr(conflict, "office_place", conflict.region_code)

    @admin.display(description="后报的 / 现有的")
    def clash_words(self, conflict: EditConflict) -> Any:
        lines = [
            (field_word(entry["field"]), *conflict.office_values[entry["field"]], entry["theirs_by"])  # type: ignore[attr-defined]
            for entry in conflict.fields
        ]
        return format_html_join(SafeString("<br>"), "{}：{} / {}（{}）", lines)

    @admin.display(description="后报人", ordering="author_name")
    def writer(self, conflict: EditConflict) -> str:
        return conflict.author_name

    @admin.display(description="收到时间", ordering="received_at")
    def received_words(self, conflict: EditConflict) -> str:
        return time_words(conflict.received_at)

    @admin.display(description="状态", ordering="state")
    def state_words(self, conflict: EditConflict) -> Any:
        return mark(ConflictState(conflict.state).label, "warn" if _waits(conflict) else "none")

    def page_title(self, target: EditConflict) -> str:
        return f"{target.get_kind_display()}修改冲突"

    def sections(self, request: HttpRequest, target: EditConflict) -> list[Section]:
        page = reverse(_RECORD_PAGES[EditKind(target.kind)], args=[target.target])
        facts = [
            Fact("记录", link(page, f"{target.get_kind_display()} {target.place}")),
            Fact("所在", self.place_words(target)),
            Fact("状态", self.state_words(target)),
            Fact("后报人", target.author_name),
            Fact("手机记录时间", time_words(target.made_at)),
            Fact("收到时间", time_words(target.received_at)),
        ]
        if target.chosen_at is not None:
            facts += [Fact("处理人", target.chosen_by_name), Fact("处理时间", time_words(target.chosen_at))]
        return [Section("修改冲突", facts)]

    def tables(self, request: HttpRequest, target: EditConflict) -> list[Table]:
        chosen: Mapping[str, str] = target.choices
        rows = [
            [
                field_word(entry["field"]), *target.office_values[entry["field"]], entry["theirs_by"],  # type: ignore[attr-defined]
                time_words(dt.datetime.fromisoformat(entry["theirs_at"])) if entry["theirs_at"] else "",
                Choice(chosen[entry["field"]]).label if entry["field"] in chosen else quiet("未选择"),
            ]
            for entry in target.fields
        ]  # fmt: skip
        return [Table("两边的内容", ["内容", "后报的", "现有的", "先改的人", "先改的时间", "保留"], rows)]

    def seen_now(self, request: HttpRequest, target: EditConflict) -> dict[str, int]:
        return {"seen": target.version}

    def do_mine(self, request: HttpRequest, target: EditConflict, data: dict[str, Any]) -> DeedDone:
        return self._choose(request, target, data, dict.fromkeys(self._names(target), Choice.MINE.value))

    def do_theirs(self, request: HttpRequest, target: EditConflict, data: dict[str, Any]) -> DeedDone:
        return self._choose(request, target, data, dict.fromkeys(self._names(target), Choice.THEIRS.value))

    def do_pick(self, request: HttpRequest, target: EditConflict, data: dict[str, Any]) -> DeedDone:
        return self._choose(request, target, data, {name: data[name] for name in self._names(target)})

    def _names(self, target: EditConflict) -> list[str]:
        return [entry["field"] for entry in target.fields]

    def _choose(
        self, request: HttpRequest, target: EditConflict, data: dict[str, Any], choices: dict[str, str]
    ) -> DeedDone:
        user: Any = request.user
        if not user.has_capability(MAY_EDIT[EditKind(target.kind)], target.region_code):
            raise ApiError(ErrorCode.FORBIDDEN)
        state = conflict_choose(conflict_id=target.pk, seen=data["seen"], choices=choices, actor=user)
        if state is ConflictState.OPEN:
            target.refresh_from_db()
            self.decorate(request, [target])
            now = [f"{field_word(name)}：{target.office_values[name][1]}" for name in self._names(target)]  # type: ignore[attr-defined]
            note = "以下是系统里现有的内容，请返回后重新选择。"
            return DeedDone(ErrorCode.EDITED_AGAIN.message, lines=now, note=note, onward="返回重新选择")
        if state is ConflictState.VOID:
            return DeedDone("这条记录已注销或删除，冲突已作废，不用再处理。")
        return DeedDone("修改冲突已处理。")

    def do_reveal(self, request: HttpRequest, target: EditConflict, data: dict[str, Any]) -> DeedDone:
        user: Any = request.user
        values = conflict_reveal(actor=user, conflict=target, purpose=data["purpose"])
        return DeedDone(
            "后报的完整内容",
            shown=[(field_word(name), value or "（空）") for name, value in values.items()],
            note="本次查看已记入审计。离开本页后须重新填写用途才能再看。",
        )
