"""Policy rules in the office (政策规则): what is in force, for whom, on what clause. Read only: packs are files."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q
from django.http import HttpRequest

from backend.core.admin import Fact, Section, ServiceModelAdmin, Table, object_link
from backend.core.office.words import clause_words, days_words, mark, time_words, version_words
from backend.core.scope import ancestors
from backend.core.symptoms import Symptom
from backend.policies.choices import KEYS
from backend.policies.models import PolicyRule

_UNITS = {"day": "天", "hour": "小时", "minute": "分钟"}
_NAMES = {
    **dict(Symptom.choices), "morning": "早", "evening": "晚", "urgent": "紧急", "warning": "警示", "notice": "提示",
}  # fmt: skip


def value_words(rule: PolicyRule) -> str:
    """A rule's value as a sentence part: `37.3 ℃`, `次日 08:00`, `发热、干咳`."""
    value = rule.value
    if isinstance(value, dict) and "time" in value:
        offset = value.get("day_offset", 0)
        return f"{ {0: '当日', 1: '次日'}.get(offset, f'{offset} 天后') } {value['time']}".strip()
    unit = _UNITS.get(rule.unit, rule.unit)
    if isinstance(value, dict):
        return "；".join(f"{_NAMES.get(str(k), k)} {v}{' ' + unit if unit else ''}" for k, v in value.items())
    if isinstance(value, list):
        return "、".join(str(_NAMES.get(str(v), v)) for v in value) + (f" {unit}" if unit else "")
    return f"{value} {unit}".strip()


class InForceFilter(SimpleListFilter):
    """Rules that decide, or those that once did."""

    title = "效力"
    parameter_name = "force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "已被替换")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(in_force=self.value() != "no")

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "有效"}
        yield from others


@admin.register(PolicyRule)
class PolicyRuleAdmin(ServiceModelAdmin):
    view_capability = "policy_view"
    list_display = ("title", "value_shown", "applies_to", "days", "clause_shown", "state")
    list_filter = (InForceFilter,)
    ordering = ("key", "region_code", "-valid_from", "pk")
    list_note = "天数、时限、阈值和解除条件都来自政策包，每条注明文件与条款。政策包由系统管理员以文件载入，整包核对。"

    def get_queryset(self, request: HttpRequest) -> Any:
        """The national base, and overlays above or inside the user's regions."""
        user: Any = request.user
        scope = user.scope(self.view_capability)
        if not scope:
            return PolicyRule.objects.none()
        above = {code for prefix in scope for code in ancestors(prefix)}
        wanted = Q(region_code="") | Q(region_code__in=above) | scope.q()
        return PolicyRule.objects.filter(wanted).select_related("pack").order_by(*self.ordering)

    @admin.display(description="规则", ordering="key")
    def title(self, rule: PolicyRule) -> str:
        return KEYS[rule.key][2] if rule.key in KEYS else rule.key

    @admin.display(description="取值")
    def value_shown(self, rule: PolicyRule) -> str:
        return value_words(rule)

    @admin.display(description="适用", ordering="region_code")
    def applies_to(self, rule: PolicyRule) -> str:
        return getattr(rule, "office_place", "") or "全国"

    @admin.display(description="起止", ordering="valid_from")
    def days(self, rule: PolicyRule) -> str:
        return days_words(rule.valid_from, rule.valid_to, open_end="今后")

    @admin.display(description="条款")
    def clause_shown(self, rule: PolicyRule) -> str:
        return f"{rule.document} {clause_words(rule.clause)}"

    @admin.display(description="效力")
    def state(self, rule: PolicyRule) -> Any:
        return "有效" if rule.in_force else mark("已被替换", "calm")

    def page_title(self, target: PolicyRule) -> str:
        return f"政策规则 {self.title(target)}"

    def sections(self, request: HttpRequest, target: PolicyRule) -> list[Section]:
        return [
            Section(
                "规则",
                [
                    Fact("取值", value_words(target)),
                    Fact("适用", self.applies_to(target)),
                    Fact("起止", self.days(target)),
                    Fact("效力", self.state(target)),
                    Fact("文件", target.document, wide=True),
                    Fact("条款", self.clause_shown(target), wide=True),
                    Fact("说明", target.note, wide=True),
                    Fact("规则版本", version_words(target.version), wide=True),
                ],
            ),
            Section(
                "所在政策包",
                [
                    Fact("名称", str(target.pack)),
                    Fact("规则代码", target.key),
                    Fact("职责编号", target.duty),
                    Fact("载入时间", time_words(target.pack.loaded_at)),
                    Fact("校验和", target.pack.checksum[:16], wide=True),
                ],
            ),
        ]

    def tables(self, request: HttpRequest, target: PolicyRule) -> list[Table]:
        same = self.get_queryset(request).filter(key=target.key).exclude(pk=target.pk)[:20]
        rows = [[object_link(r, value_words(r)), r.region_code or "全国", self.days(r), self.state(r)] for r in same]
        return [Table("同一规则的其他版本", ["取值", "适用", "起止", "效力"], rows, empty="没有其他版本。")]
