"""The audit trail in the office (审计): read only."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q
from django.http import HttpRequest

from backend.audit.models import AuditEntry
from backend.core.admin import Fact, Section, ServiceModelAdmin
from backend.core.office.filters import RegionFilter
from backend.core.office.words import quiet, time_words


class ActionFilter(SimpleListFilter):
    """What was done. A handful of words rather than every action there is."""

    title = "操作"
    parameter_name = "kind"
    _starts = {
        "reveal": ("查看完整信息", ("person_reveal", "household_reveal")),
        "duty": ("职责", ("duty_granted", "duty_revoked")),
        "account": ("账号与密码", ("user_", "password_", "sessions_", "device_")),
        "alert": ("预警", ("alert.",)),
        "household": ("住户与人员", ("household_", "person_", "returnee_")),
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
    list_display = ("when", "actor_name", "action_word", "target", "place", "detail_words")
    list_filter = (RegionFilter, ActionFilter, TargetFilter)
    search_fields = ("actor_name",)
    search_help_text = "按操作人用户名查"
    ordering = ("-id",)
    list_note = "只增不改：任何人都不能修改或删除审计记录，每日封存并可核验。"

    def get_queryset(self, request: HttpRequest) -> Any:
        """What lies in the user's regions; acts without a region only when they are his own."""
        user: Any = request.user
        scope = user.scope(self.view_capability)
        own = Q(region_code="", actor_id=user.pk)
        return AuditEntry.objects.filter(scope.q() | own if scope else own).order_by(*self.ordering)

    @admin.display(description="时间", ordering="at")
    def when(self, entry: AuditEntry) -> str:
        return time_words(entry.at)

    @admin.display(description="操作", ordering="action")
    def action_word(self, entry: AuditEntry) -> str:
        return action_label(entry.action)

    @admin.display(description="对象")
    def target(self, entry: AuditEntry) -> str:
        return f"{TARGETS.get(entry.target_kind, entry.target_kind)} {entry.target_id[:13]}"

    @admin.display(description="区划", ordering="region_code")
    def place(self, entry: AuditEntry) -> Any:
        return getattr(entry, "office_place", "") or quiet("无")

    @admin.display(description="说明")
    def detail_words(self, entry: AuditEntry) -> str:
        return "；".join(f"{key} {_plain(value)}" for key, value in entry.detail.items())[:120]

    def page_title(self, target: AuditEntry) -> str:
        return f"审计记录 {target.pk}"

    def sections(self, request: HttpRequest, target: AuditEntry) -> list[Section]:
        return [
            Section(
                "审计记录",
                [
                    Fact("时间", time_words(target.at)),
                    Fact("操作人", target.actor_name),
                    Fact("操作", action_label(target.action)),
                    Fact("操作代码", target.action),
                    Fact("对象", TARGETS.get(target.target_kind, target.target_kind)),
                    Fact("对象编号", target.target_id),
                    Fact("区划", self.place(target), wide=True),
                    Fact("说明", json.dumps(target.detail, ensure_ascii=False) if target.detail else "无", wide=True),
                ],
            )
        ]


def _plain(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


TARGETS = {
    "user": "用户", "duty": "职责", "device": "设备", "region": "区划", "household": "住户", "person": "人员",
    "returnee": "返乡人员", "alert": "预警", "report": "日报", "policy_pack": "政策包", "exemption": "免报",
}  # fmt: skip

_ACTIONS = {
    "user_created": "新建用户", "user_updated": "修改用户", "user_suspended": "停用账号", "user_resumed": "恢复账号",
    "duty_granted": "授予职责", "duty_revoked": "撤销职责", "password_reset": "重置密码",
    "password_changed": "修改密码", "password_redeemed": "用重置码设新密码", "sessions_ended": "退出所有设备",
    "device_revoked": "停用设备", "device_taken_over": "设备换人", "cell_created": "新建网格",
    "cell_updated": "修改网格", "cell_closed": "停用网格", "cells_imported": "导入网格",
    "households_create": "登记住户", "household_update": "修改住户", "household_move": "住户转网格",
    "household_close": "注销住户", "household_reveal": "查看住户完整信息", "person_create": "登记人员",
    "person_update": "修改人员", "person_move": "人员转网格", "person_reveal": "查看人员完整信息",
    "returnee_register": "登记返乡人员", "returnee_leave": "返乡人员离开", "returnee_correct_arrival": "更正到达日期",
    "alert.acknowledge": "签收预警", "alert.close": "办结预警", "alert.reopen": "重新打开预警",
    "report.confirm": "确认日报", "outbox_downloaded": "下载上报文件", "person_match": "登记时对上已有人员",
    "divisions_import": "导入区划", "policy_load": "载入政策包", "sync.push": "手机上报", "time_travelled": "演示拨钟",
}  # fmt: skip


def action_label(action: str) -> str:
    """The action in words; its code when it has none."""
    return _ACTIONS.get(action, action)
