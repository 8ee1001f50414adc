"""上交记录 in the office: what came back to a phone and could not be mended there. See docs/referrals.md."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backend.accounts.choices import Capability
from backend.core.admin import Deed, DeedDone, Fact, PlainConfirm, PurposeForm, Section, ServiceModelAdmin, object_link
from backend.core.office.filters import RegionFilter, waiting_filter
from backend.core.office.words import mark, time_words
from backend.sync.choices import ReferralState
from backend.sync.models import Referral
from backend.sync.referral_words import code_sentence, kind_word, record_lines
from backend.sync.referrals import KEEP_ANSWERED_DAYS, referral_answer, referral_reveal
from backend.sync.taking_in import referral_take_in


class ReferralRevealForm(PurposeForm):
    example = "核对后登记"


def _waits(referral: Referral) -> bool:
    return referral.state == ReferralState.OPEN


@admin.register(Referral)
class ReferralAdmin(ServiceModelAdmin):
    view_capability = Capability.RECORD_CARRY
    list_display = ("record", "place_words", "why", "writer", "received_words", "state_words")
    list_filter = (RegionFilter, waiting_filter(ReferralState.OPEN))
    list_select_related = ("author",)
    ordering = ("-received_at",)
    empty_text = "没有等待处理的上交记录。网格员的记录被退回、自己改不了时，可在手机上交到这里，由您核对处理。"
    list_note = "记录的内容密封保存，写明用途才能查看。处理结果会告诉上交人的手机。"
    deeds = (
        Deed(
            "reveal", "查看内容", Capability.PERSON_REVEAL, "do_reveal", ReferralRevealForm, icon="visibility",
            explain="只显示这一次，操作人、时间和用途都会记入审计。",
        ),
        Deed(
            "take_in", "重新收录", Capability.RECORD_CARRY, "do_take_in", PlainConfirm, icon="move_to_inbox",
            tone="primary", applies=_waits,
            explain="退回的原因已经解决时使用：按原来的记录人、原来的时间重新核对入库，不会重复。",
        ),
        Deed(
            "recorded", "已另行登记", Capability.RECORD_CARRY, "do_recorded", PlainConfirm, icon="task_alt",
            applies=_waits, explain="您已在后台另外登记了这件事，这条记录不再入库。",
        ),
        Deed(
            "again", "请重新登记", Capability.RECORD_CARRY, "do_again", PlainConfirm, icon="undo", applies=_waits,
            explain="手机上会提示上交人重新登记一次，这条记录不再入库。",
        ),
        Deed(
            "dismiss", "不需要登记", Capability.RECORD_CARRY, "do_dismiss", PlainConfirm, icon="block", tone="danger",
            applies=_waits, explain="这条记录不入库，手机上会提示上交人不需要登记。",
        ),
    )  # fmt: skip

    @admin.display(description="记录")
    def record(self, referral: Referral) -> str:
        return " ".join(filter(None, [kind_word(referral.kind), referral.place]))

    @admin.display(description="所在")
    def place_words(self, referral: Referral) -> str:
        return getattr(referral, "office_place", referral.region_code)

    @admin.display(description="退回原因")
    def why(self, referral: Referral) -> str:
        return code_sentence(referral.code)

    @admin.display(description="上交人", ordering="author__display_name")
    def writer(self, referral: Referral) -> str:
        return referral.author.display_name

    @admin.display(description="收到时间", ordering="received_at")
    def received_words(self, referral: Referral) -> str:
        return time_words(referral.received_at)

    @admin.display(description="状态", ordering="state")
    def state_words(self, referral: Referral) -> Any:
        return mark(ReferralState(referral.state).label, "warn" if _waits(referral) else "none")

    def page_title(self, target: Referral) -> str:
        return f"{target.author.display_name}上交的{kind_word(target.kind)}记录"

    def sections(self, request: HttpRequest, target: Referral) -> list[Section]:
        facts = [
            Fact("记录", self.record(target)),
            Fact("所在", self.place_words(target)),
            Fact("退回原因", self.why(target)),
            Fact("状态", self.state_words(target)),
            Fact("上交人", object_link(target.author, target.author.display_name)),
            Fact("手机记录时间", time_words(target.made_at)),
            Fact("收到时间", time_words(target.received_at)),
        ]
        if target.answered_at is not None:
            facts += [Fact("处理人", target.answered_by_name), Fact("处理时间", time_words(target.answered_at))]
        return [Section("上交记录", facts)]

    def do_reveal(self, request: HttpRequest, target: Referral, data: dict[str, Any]) -> DeedDone:
        user: Any = request.user
        body, note = referral_reveal(actor=user, referral=target, purpose=data["purpose"])
        shown = record_lines(body)
        if note:
            shown.append(("上交人的话", note))
        return DeedDone(
            "记录的内容", shown=shown, note="本次查看已记入审计。离开本页后须重新填写用途才能再看。"
        )  # fmt: skip

    def do_take_in(self, request: HttpRequest, target: Referral, data: dict[str, Any]) -> DeedDone:
        user: Any = request.user
        result = referral_take_in(referral=target, actor=user)
        target.refresh_from_db()
        if not _waits(target):
            return DeedDone("记录已收录，手机上会显示“已收录”。")
        return DeedDone(
            "这次仍未收录。", lines=[result.message or "记录未入库。"],
            note="解决上面的问题后可再试；或另行登记后点“已另行登记”。",
        )  # fmt: skip

    def do_recorded(self, request: HttpRequest, target: Referral, data: dict[str, Any]) -> DeedDone:
        return self._answer(request, target, ReferralState.RECORDED)

    def do_again(self, request: HttpRequest, target: Referral, data: dict[str, Any]) -> DeedDone:
        return self._answer(request, target, ReferralState.AGAIN)

    def do_dismiss(self, request: HttpRequest, target: Referral, data: dict[str, Any]) -> DeedDone:
        return self._answer(request, target, ReferralState.DISMISSED)

    def _answer(self, request: HttpRequest, target: Referral, state: ReferralState) -> DeedDone:
        user: Any = request.user
        referral_answer(referral_id=target.pk, state=state, actor=user)
        return DeedDone(f"已答复：{state.label}。内容再保留 {KEEP_ANSWERED_DAYS} 天。")
