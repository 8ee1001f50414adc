"""Visits in the office (走访记录): read only, as they came from the door."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backend.accounts.choices import Capability
from backend.core.admin import Fact, Section, ServiceModelAdmin, Table, object_link
from backend.core.office.filters import DayFilter, RegionFilter, choice_filter
from backend.core.office.words import date_words, mark, quiet, time_words, version_words
from backend.core.symptoms import Symptom
from backend.residents.models import Household
from backend.visits.choices import Need, Outcome
from backend.visits.models import Visit

_TONES = {Outcome.SEEN_WELL: "good", Outcome.SEEN_UNWELL: "bad"}


@admin.register(Visit)
class VisitAdmin(ServiceModelAdmin):
    view_capability = Capability.VISIT_VIEW
    list_display = ("door", "outcome_word", "temperature", "needs_words", "seen_at", "author", "cell")
    list_filter = (RegionFilter, DayFilter, choice_filter("outcome", "结果", Outcome))
    ordering = ("-business_day", "-corrected_at", "id")
    empty_text = "没有符合条件的走访记录。网格员在手机上登记后会出现在这里。"

    def decorate(self, request: HttpRequest, rows: list[Any]) -> None:
        super().decorate(request, rows)
        doors = Household.objects.in_bulk({row.household_id for row in rows})
        for row in rows:
            row.office_household = doors.get(row.household_id)

    @admin.display(description="门牌")
    def door(self, visit: Any) -> str:
        return visit.office_household.place if visit.office_household else "已移出"

    @admin.display(description="结果", ordering="outcome")
    def outcome_word(self, visit: Visit) -> Any:
        outcome = Outcome(visit.outcome)
        return mark(outcome.label, _TONES.get(outcome, "none"))

    @admin.display(description="最高体温", ordering="temperature_max")
    def temperature(self, visit: Visit) -> Any:
        if visit.temperature_max is None:
            return quiet("未测")
        return mark(f"{visit.temperature_max} ℃ 发热", "bad") if visit.fever_count else f"{visit.temperature_max} ℃"

    @admin.display(description="需求")
    def needs_words(self, visit: Visit) -> str:
        return "、".join(Need(need).label for need in visit.needs)

    @admin.display(description="走访时间", ordering="corrected_at")
    def seen_at(self, visit: Visit) -> str:
        return time_words(visit.corrected_at)

    @admin.display(description="走访人")
    def author(self, visit: Visit) -> str:
        return visit.author_name

    @admin.display(description="网格", ordering="region_code")
    def cell(self, visit: Any) -> str:
        return visit.office_place  # type: ignore[no-any-return]

    def page_title(self, target: Any) -> str:
        return f"走访 {self.door(target)}"

    def sections(self, request: HttpRequest, target: Any) -> list[Section]:
        household = target.office_household
        return [
            Section(
                "走访",
                [
                    Fact("门牌", object_link(household) if household else "已移出", wide=True),
                    Fact("结果", self.outcome_word(target)),
                    Fact("最高体温", self.temperature(target)),
                    Fact("发热", f"{target.fever_count} 人"),
                    Fact("有症状", f"{target.symptom_count} 人"),
                    Fact("需求", self.needs_words(target) or "无"),
                    Fact("网格", getattr(target, "office_place", target.region_code), wide=True),
                ],
            ),
            Section(
                "记录",
                [
                    Fact("业务日", date_words(target.business_day)),
                    Fact("走访时间", time_words(target.corrected_at)),
                    Fact("收到时间", time_words(target.received_at)),
                    Fact("走访人", target.author_name),
                    Fact("时间", mark("存疑，未计入报表", "warn") if target.doubtful else "正常"),
                    Fact("规则版本", version_words(target.rule_version), wide=True),
                ],
            ),
        ]

    def tables(self, request: HttpRequest, target: Any) -> list[Table]:
        names = dict(Symptom.choices)
        rows = [
            [
                f"第 {n} 人",
                f"{seen['temperature']} ℃" if seen.get("temperature") is not None else quiet("未测"),
                "、".join(str(names.get(code, code)) for code in seen.get("symptoms", [])) or "无",
            ]
            for n, seen in enumerate(target.people, 1)
        ]
        return [Table("见到的人", ["", "体温", "症状"], rows, empty="没有逐人登记：整户一条。")]
