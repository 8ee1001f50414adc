"""The audit trail in the office (审计): read only."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html

from backend.audit.models import AuditEntry
from backend.audit.words import TARGETS, action_label, detail_words
from backend.core.admin import Fact, Section, ServiceModelAdmin
from backend.core.office.filters import RegionFilter
from backend.core.office.words import quiet, time_words


class ActionFilter(SimpleListFilter):
    """What was done. A handful of words rather than every action there is."""

    title = "操作"
    parameter_name = "kind"
    _starts = {
        "reveal": ("查看完整信息", ("person_reveal", "household_reveal")),
        "call": ("拨打电话", ("person_call", "household_call")),
        "duty": ("职责", ("duty_granted", "duty_revoked")),
        "account": ("账号与密码", ("user_", "password_", "sessions_", "device_")),
        "alert": ("预警", ("alert.",)),
        "household": ("住户与人员", ("household", "person_", "returnee_")),
        "cell": ("网格", ("cell_", "cells_")),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, label) for key, (label, _) in self._starts.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self._starts.get(self.value() or "")
        if chosen is None:
            return queryset
        wanted = Q()
        for start in chosen[1]:
            wanted |= Q(action__startswith=start)
        return queryset.filter(wanted)


class TargetFilter(SimpleListFilter):
    """Everything done to one object; reached by a link."""

    title = "对象"
    parameter_name = "target"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(self.value() or "", "所选对象")] if self.value() else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(target_id=self.value()[:64]) if self.value() else queryset  # type: ignore[index]


@admin.register(AuditEntry)
class AuditEntryAdmin(ServiceModelAdmin):
    view_capability = "audit_view"
    list_title = "审计"
    list_display = ("when", "actor", "action_word", "target", "place", "detail_words")
    list_filter = (RegionFilter, ActionFilter, TargetFilter)
    search_fields = ("actor_name",)
    search_help_text = "按操作人姓名或用户名查"
    ordering = ("-id",)
    list_note = "只增不改：任何人都不能修改或删除审计记录，每日封存并可核验。"

    def get_queryset(self, request: HttpRequest) -> Any:
        """What lies in the user's regions; acts without a region only when they are his own."""
        user: Any = request.user
        scope = user.scope(self.view_capability)
        own = Q(region_code="", actor_id=user.pk)
        return AuditEntry.objects.filter(scope.q() | own if scope else own).order_by(*self.ordering)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """An entry keeps the user name alone; whom it belongs to is asked of the accounts."""
        if not (term := search_term.strip()):
            return queryset, False
        named = get_user_model()._default_manager.filter(display_name__icontains=term).values("pk")
        return queryset.filter(Q(actor_name__icontains=term) | Q(actor_id__in=named)), False

    def decorate(self, request: HttpRequest, rows: list[Any]) -> None:
        """And the names that the users bear now, in one query for the page."""
        super().decorate(request, rows)
        ids = {row.actor_id for row in rows if row.actor_id}
        people = dict(get_user_model()._default_manager.filter(pk__in=ids).values_list("pk", "display_name"))
        for row in rows:
            row.office_actor = people.get(row.actor_id, "")

    @admin.display(description="操作人", ordering="actor_name")
    def actor(self, entry: AuditEntry) -> Any:
        """Name and user name; the user name alone where there is no such user any more."""
        name = getattr(entry, "office_actor", "")
        return format_html("{} {}", name, quiet(entry.actor_name)) if name else entry.actor_name

    @admin.display(description="时间", ordering="at")
    def when(self, entry: AuditEntry) -> str:
        return time_words(entry.at)

    @admin.display(description="操作", ordering="action")
    def action_word(self, entry: AuditEntry) -> str:
        return action_label(entry.action)

    @admin.display(description="对象")
    def target(self, entry: AuditEntry) -> str:
        return f"{TARGETS.get(entry.target_kind, entry.target_kind)} {entry.target_id[:13]}".strip()

    @admin.display(description="区划", ordering="region_code")
    def place(self, entry: AuditEntry) -> Any:
        return getattr(entry, "office_place", "") or quiet("无")

    @admin.display(description="说明")
    def detail_words(self, entry: AuditEntry) -> str:
        return detail_words(entry.detail)[:120]

    def page_title(self, target: AuditEntry) -> str:
        return f"审计记录 {target.pk}"

    def sections(self, request: HttpRequest, target: AuditEntry) -> list[Section]:
        return [
            Section(
                "审计记录",
                [
                    Fact("时间", time_words(target.at)),
                    Fact("操作人", self.actor(target)),
                    Fact("操作", action_label(target.action)),
                    Fact("操作代码", target.action),
                    Fact("对象", TARGETS.get(target.target_kind, target.target_kind)),
                    Fact("对象编号", target.target_id),
                    Fact("区划", self.place(target), wide=True),
                    Fact("说明", detail_words(target.detail) or "无", wide=True),
                ],
            )
        ]
