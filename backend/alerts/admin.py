"""Alerts in the office (预警): by urgency and clock, taken on and closed here; the list follows the socket."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest
from django.urls import reverse

from backend.accounts.choices import Capability
from backend.alerts.choices import REASONS_BY_HAND, CloseReason, RuleKey, Severity, State
from backend.alerts.models import Alert
from backend.alerts.office import alert_clock, event_words, severity_mark
from backend.alerts.selectors import by_urgency, events_of, last_seq
from backend.alerts.services import alert_acknowledge, alert_close, alert_reopen
from backend.core.admin import Deed, DeedDone, DeedForm, Fact, Section, ServiceModelAdmin, Table
from backend.core.errors import ApiError
from backend.core.office.filters import DayFilter, RegionFilter, choice_filter
from backend.core.office.words import clause_words, link, time_words, version_words


class CloseForm(DeedForm):
    reason = forms.ChoiceField(
        label="办结原因", choices=[("", "请选择"), *((reason.value, reason.label) for reason in REASONS_BY_HAND)]
    )
    note = forms.CharField(
        label="说明", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="加密保存，不进入报表和导出。",
    )  # fmt: skip


class StateFilter(SimpleListFilter):
    """Unfinished unless asked otherwise."""

    title = "状态"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((s.value, s.label) for s in State), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value()
        if chosen == "all":
            return queryset
        return queryset.filter(state=chosen) if chosen in State.values else queryset.exclude(state=State.CLOSED)

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "未办结"}
        yield from others


@admin.register(Alert)
class AlertAdmin(ServiceModelAdmin):
    view_capability = Capability.ALERT_VIEW
    change_list_template = "office/alerts.html"
    list_display = ("title_shown", "severity_word", "clock_words", "place_words", "raised", "state_word")
    list_filter = (
        StateFilter,
        choice_filter("severity", "紧急程度", Severity),
        choice_filter("rule", "规则", RuleKey),
        DayFilter,
        RegionFilter,
    )
    sortable_by = ("raised",)
    empty_text = "没有符合条件的预警。"
    actions = ("acknowledge_chosen",)
    deeds = (
        Deed(
            "acknowledge", "我来处理", Capability.ALERT_HANDLE, "do_acknowledge", icon="task_alt", tone="primary",
            explain="签收后由您负责处置，签收时限停止计时。", applies=lambda a: a.state == State.OPEN,
        ),
        Deed(
            "close", "办结", Capability.ALERT_HANDLE, "do_close", CloseForm, icon="done_all",
            applies=lambda a: a.state != State.CLOSED,
        ),
        Deed(
            "reopen", "重新打开", Capability.ALERT_HANDLE, "do_reopen", icon="undo",
            explain="办结有误时使用，签收时限重新计算。", applies=lambda a: a.state == State.CLOSED,
        ),
    )  # fmt: skip

    def get_ordering(self, request: HttpRequest) -> Any:
        return by_urgency()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # Read before the rows: an event that commits meanwhile is told again, never left out.
        return super().changelist_view(request, {"last_seq": last_seq(), **(extra_context or {})})

    def has_handle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_capability(Capability.ALERT_HANDLE)  # type: ignore[union-attr]

    @admin.action(description="签收所选预警", permissions=["handle"])
    def acknowledge_chosen(self, request: HttpRequest, queryset: Any) -> None:
        """Take on every chosen alert that is still open; each stands alone."""
        done = 0
        for alert_id in queryset.filter(state=State.OPEN).values_list("pk", flat=True):
            try:
                alert_acknowledge(actor=request.user, alert_id=alert_id)  # type: ignore[arg-type]
                done += 1
            except ApiError as error:
                messages.error(request, error.message)
        messages.success(request, f"已签收 {done} 条预警。")

    @admin.display(description="预警")
    def title_shown(self, alert: Alert) -> str:
        return alert.title

    @admin.display(description="程度")
    def severity_word(self, alert: Alert) -> Any:
        return severity_mark(alert)

    @admin.display(description="时限")
    def clock_words(self, alert: Alert) -> Any:
        return alert_clock(alert)

    @admin.display(description="地点")
    def place_words(self, alert: Alert) -> str:
        return " · ".join(filter(None, [alert.office_place, alert.place]))  # type: ignore[attr-defined]

    @admin.display(description="发生时间", ordering="raised_at")
    def raised(self, alert: Alert) -> str:
        return time_words(alert.raised_at)

    @admin.display(description="状态")
    def state_word(self, alert: Alert) -> str:
        return State(alert.state).label

    def page_title(self, target: Alert) -> str:
        return f"预警 {target.title}"

    def sections(self, request: HttpRequest, target: Alert) -> list[Section]:
        facts = [
            Fact("预警", target.title, wide=True),
            Fact("程度", severity_mark(target)),
            Fact("状态", State(target.state).label),
            Fact("时限", alert_clock(target)),
            Fact("发生时间", time_words(target.raised_at)),
            Fact("网格", getattr(target, "office_place", target.region_code), wide=True),
            Fact("地点", target.place, wide=True),
        ]
        if target.household_id:
            facts.append(Fact("住户", _to("residents_household", target.household_id, "查看住户")))
        if target.person_id:
            facts.append(Fact("人员", _to("residents_person", target.person_id, "查看登记人员")))
        if target.state == State.CLOSED:
            facts += [
                Fact("办结原因", CloseReason(target.close_reason).label),
                Fact("办结人", target.closed_by_name or "系统"),
            ]
        why = [
            Fact("触发原因", target.why, wide=True),
            Fact("规则", RuleKey(target.rule).label),
            Fact("规则版本", version_words(target.rule_version), wide=True),
            Fact("条款", clause_words(target.clause), wide=True),
        ]
        return [Section("预警", facts), Section("为什么", why)]

    def tables(self, request: HttpRequest, target: Alert) -> list[Table]:
        rows = [[time_words(e.at), event_words(e), e.actor_name or "系统"] for e in events_of(target.pk)]
        return [Table("经过", ["时间", "动态", "操作人"], rows)]

    def do_acknowledge(self, request: HttpRequest, target: Alert, data: dict[str, Any]) -> DeedDone:
        alert_acknowledge(actor=request.user, alert_id=target.pk)  # type: ignore[arg-type]
        return DeedDone("已签收，由您处置。")

    def do_close(self, request: HttpRequest, target: Alert, data: dict[str, Any]) -> DeedDone:
        reason = CloseReason(data["reason"])
        alert_close(actor=request.user, alert_id=target.pk, reason=reason, note=data["note"])  # type: ignore[arg-type]
        return DeedDone("预警已办结。")

    def do_reopen(self, request: HttpRequest, target: Alert, data: dict[str, Any]) -> DeedDone:
        alert_reopen(actor=request.user, alert_id=target.pk)  # type: ignore[arg-type]
        return DeedDone("预警已重新打开。")


def _to(page: str, pk: object, text: str) -> Any:
    return link(reverse(f"admin:{page}_change", args=[pk]), text)
