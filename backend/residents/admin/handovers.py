"""Hand-overs in the office (移交): what waits, overdue first; answered from either side. See docs/hand-over.md."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from backend.accounts.choices import Capability
from backend.core.admin import Deed, DeedDone, Fact, Section, ServiceModelAdmin, object_link
from backend.core.fields import CELL_LENGTH, TOWNSHIP_LENGTH, is_region_code
from backend.core.office.directory import directory
from backend.core.office.filters import RegionFilter, waiting_filter
from backend.core.office.words import clause_words, due_words, mark, quiet, time_words, version_words
from backend.core.scope import Scope, ancestors
from backend.regions.choices import Level
from backend.regions.formfields import labels_of
from backend.regions.models import Region
from backend.residents.admin.handing import NoteForm
from backend.residents.choices import DeclineReason, HandOverReason, HandOverState
from backend.residents.models import HandOver
from backend.residents.selectors import handover_notes
from backend.residents.services import handover_answer

EDIT = Capability.HOUSEHOLD_EDIT
_TONES = {HandOverState.OFFERED: "warn", HandOverState.ACCEPTED: "good"}


class AcceptForm(NoteForm):
    """Where a village was asked, which of its cells."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.target.to_region) == CELL_LENGTH:
            return
        rows = Region.objects.visible_to(self.for_user, EDIT).filter(
            level=Level.GRID, parent_code=self.target.to_region, valid_to=None
        )
        choices = [("", "请选择"), *labels_of(rows.exclude(code=self.target.from_region))]
        self.fields["region"] = forms.ChoiceField(label="由哪个网格负责", choices=choices)
        self.order_fields(["region", "note"])


class DeclineForm(NoteForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = forms.ChoiceField(label="退回原因", choices=DeclineReason.choices)
        self.order_fields(["reason", "note"])


class SideFilter(RegionFilter):
    """Hand-overs that come from a region, or go there."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value()
        if not chosen:
            return queryset
        if not is_region_code(chosen):
            return queryset.none()
        scope = Scope.of([chosen])
        return queryset.filter(scope.q("from_region") | scope.q("to_region"))


@admin.register(HandOver)
class HandOverAdmin(ServiceModelAdmin):
    view_capability = EDIT
    list_display = ("place", "who", "giver", "taker", "reason_word", "writer", "clock_words", "state_words")
    list_filter = (SideFilter, waiting_filter(HandOverState.OFFERED))
    list_select_related = ("household", "person")
    #: Overdue first, then what has the least time left.
    ordering = ("due_at", "id")
    empty_text = "没有等待签收的移交。住户或人员要转到别的网格时，在住户、登记人员页面点“移交”，对方签收后才转过去。"
    list_note = "签收之前仍由移出的网格负责。超过时限没有答复的，会在移入一方产生预警。"
    deeds = (
        Deed(
            "accept", "签收", EDIT, "do_accept", AcceptForm, icon="check", tone="primary",
            applies=lambda handover: handover.office_takes,
            explain="签收后由移入的网格负责，同住的登记人员、健康监测和未办结的预警一起转过去。",
        ),
        Deed(
            "decline", "退回", EDIT, "do_decline", DeclineForm, icon="undo",
            applies=lambda handover: handover.office_declines, explain="退回后仍由移出的网格负责，对方会看到退回原因。",
        ),
        Deed(
            "withdraw", "撤回", EDIT, "do_withdraw", icon="block", applies=lambda handover: handover.office_gives,
            explain="撤回后不再等待签收，仍由现在的网格负责。",
        ),
    )  # fmt: skip

    def decorate(self, request: HttpRequest, rows: list[Any]) -> None:
        """Names of both sides in one query, and what the user may answer."""
        codes = {code for row in rows for code in (row.from_region, row.to_region, row.cell) if code}
        names = directory().names({part for code in codes for part in ancestors(code)}) if codes else {}
        scope: Scope = request.user.scope(EDIT)  # type: ignore[union-attr]
        for row in rows:
            row.office_names = {
                code: " › ".join(names.get(part, part) for part in ancestors(code) if len(part) >= TOWNSHIP_LENGTH)
                for code in (row.from_region, row.to_region, row.cell)
            }
            waits = row.state == HandOverState.OFFERED
            row.office_gives = waits and scope.covers(row.from_region)
            row.office_declines = waits and scope.covers(row.to_region)
            row.office_takes = waits and bool(Scope.of([row.to_region]) & scope)

    @admin.display(description="户主或姓名")
    def who(self, handover: HandOver) -> Any:
        if handover.household is not None:
            return f"{handover.household.head_masked}，{handover.household.headcount} 人"
        return handover.person.name_masked if handover.person else ""

    @admin.display(description="移出", ordering="from_region")
    def giver(self, handover: HandOver) -> str:
        return handover.office_names[handover.from_region]  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="移入", ordering="to_region")
    def taker(self, handover: HandOver) -> str:
        return handover.office_names[handover.cell or handover.to_region]  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="原因")
    def reason_word(self, handover: HandOver) -> str:
        return HandOverReason(handover.reason).label

    @admin.display(description="移交人", ordering="author_name")
    def writer(self, handover: HandOver) -> str:
        return handover.author_name

    @admin.display(description="签收时限", ordering="due_at")
    def clock_words(self, handover: HandOver) -> Any:
        if handover.state == HandOverState.OFFERED:
            return due_words(handover.due_at)
        said = f"{time_words(handover.answered_at)} 答复"
        return mark(f"{said}，超时", "warn") if handover.late else said

    @admin.display(description="状态", ordering="state")
    def state_words(self, handover: HandOver) -> Any:
        state = HandOverState(handover.state)
        return mark(state.label, _TONES.get(state, "none"))

    def page_title(self, target: HandOver) -> str:
        return f"移交 {target.place}"

    def sections(self, request: HttpRequest, target: HandOver) -> list[Section]:
        offered, answered = handover_notes(target)
        subject = target.household or target.person
        facts = [
            Fact("住户或人员", object_link(subject, target.place) if subject else target.place, wide=True),
            Fact("户主或姓名", self.who(target)),
            Fact("状态", self.state_words(target)),
            Fact("移出网格", self.giver(target), wide=True),
            Fact("移入", self.taker(target), wide=True),
            Fact("移交原因", self.reason_word(target)),
            Fact("移交人", target.author_name),
            Fact("移交时间", time_words(target.offered_at)),
            Fact("系统收到时间", time_words(target.received_at)),
            Fact("签收时限", self.clock_words(target)),
            Fact("说明", offered or quiet("无"), wide=True),
            Fact("时限依据", f"{clause_words(target.clause)}（{version_words(target.rule_version)}）", wide=True),
        ]
        if target.answered_at is None:
            return [Section("移交", facts)]
        answer = [
            Fact("答复", self.state_words(target)),
            Fact("答复人", target.answered_by_name or quiet("系统")),
            Fact("答复时间", time_words(target.answered_at)),
            Fact("系统收到时间", time_words(target.answer_received_at)),
        ]
        if target.decline_reason:
            answer.append(Fact("退回原因", DeclineReason(target.decline_reason).label))
        return [Section("移交", facts), Section("答复", [*answer, Fact("说明", answered or quiet("无"), wide=True)])]

    def do_accept(self, request: HttpRequest, target: HandOver, data: dict[str, Any]) -> DeedDone:
        handover_answer(handover_id=target.pk, answer=HandOverState.ACCEPTED, actor=request.user, **data)
        return DeedDone("已签收，由移入的网格负责。")

    def do_decline(self, request: HttpRequest, target: HandOver, data: dict[str, Any]) -> DeedDone:
        handover_answer(
            handover_id=target.pk, answer=HandOverState.DECLINED, actor=request.user,
            reason=DeclineReason(data["reason"]), note=data["note"],
        )  # fmt: skip
        return DeedDone("已退回，仍由移出的网格负责。")

    def do_withdraw(self, request: HttpRequest, target: HandOver, data: dict[str, Any]) -> DeedDone:
        handover_answer(handover_id=target.pk, answer=HandOverState.WITHDRAWN, actor=request.user)
        return DeedDone("已撤回，仍由现在的网格负责。")
