"""Monitoring terms, checks and codes in the office (健康监测、测温记录、健康码状态): read, and walk to the reason."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backend.accounts.choices import Capability
from backend.core.admin import Fact, Section, ServiceModelAdmin, Table, object_link
from backend.core.office.filters import DayFilter, RegionFilter, choice_filter
from backend.core.office.words import (
    clause_words,
    date_words,
    day_words,
    days_words,
    mark,
    quiet,
    time_words,
    version_words,
)
from backend.core.symptoms import Symptom
from backend.health.choices import Colour, Method, MonitoringKind, MonitoringState, Session, Trigger
from backend.health.models import CodeDecision, CodeStatus, DailyCheck, Monitoring, ReplacedVisit, VisitFinding
from backend.residents.models import Person

_TONES = {Colour.GREEN: "good", Colour.YELLOW: "warn"}


def colour_mark(colour: str) -> Any:
    """● 绿码, ▲ 黄码."""
    return mark(Colour(colour).label, _TONES[Colour(colour)])


def symptom_words(codes: list[str]) -> str:
    names = dict(Symptom.choices)
    return "、".join(str(names.get(code, code)) for code in codes)


def temperature_words(check: Any) -> Any:
    """36.5 ℃, marked when it was judged a fever."""
    if check.temperature is None:
        return quiet("未测")
    return mark(f"{check.temperature} ℃ 发热", "bad") if check.fever else f"{check.temperature} ℃"


def with_people(rows: list[Any]) -> None:
    """Give facts that know their person by id alone the person (`office_person`), in one query."""
    people = Person.objects.select_related("household").in_bulk({row.person_id for row in rows})
    for row in rows:
        row.office_person = people.get(row.person_id)


class PersonDeedless(ServiceModelAdmin):
    """Lists of what the rules and the doors wrote: nobody edits them here."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("person", "person__household")

    @admin.display(description="姓名")
    def who(self, row: Any) -> str:
        return row.person.name_masked  # type: ignore[no-any-return]

    @admin.display(description="住址")
    def where(self, row: Any) -> str:
        return row.person.place  # type: ignore[no-any-return]

    @admin.display(description="网格", ordering="region_code")
    def cell(self, row: Any) -> str:
        return row.office_place  # type: ignore[no-any-return]


@admin.register(Monitoring)
class MonitoringAdmin(PersonDeedless):
    view_capability = Capability.CHECK_VIEW
    list_title = "健康监测"
    list_display = ("who", "state_word", "starts", "ends", "days_left", "where", "cell")
    list_filter = (RegionFilter, choice_filter("state", "状态", MonitoringState))
    ordering = ("state", "to_day", "id")
    list_note = "天数来自政策规则。监测期满、离开或撤销由系统按规则处理。"
    empty_text = "没有符合条件的监测期。登记返乡人员后自动开始。"

    @admin.display(description="状态", ordering="state")
    def state_word(self, term: Monitoring) -> str:
        return MonitoringState(term.state).label

    @admin.display(description="起始日期", ordering="from_day")
    def starts(self, term: Monitoring) -> str:
        return date_words(term.from_day)

    @admin.display(description="期满日期", ordering="to_day")
    def ends(self, term: Monitoring) -> str:
        return date_words(term.to_day)

    @admin.display(description="期满")
    def days_left(self, term: Monitoring) -> str:
        return f"{day_words(term.to_day)}期满" if term.state == MonitoringState.ACTIVE else ""

    def page_title(self, target: Monitoring) -> str:
        return f"健康监测 {target.person.name_masked}"

    def sections(self, request: HttpRequest, target: Monitoring) -> list[Section]:
        return [
            Section(
                "监测期",
                [
                    Fact("姓名", object_link(target.person)),
                    Fact("事由", MonitoringKind(target.kind).label),
                    Fact("起止", days_words(target.from_day, target.to_day)),
                    Fact("状态", MonitoringState(target.state).label),
                    Fact("住址", target.person.place, wide=True),
                    Fact("网格", getattr(target, "office_place", target.region_code), wide=True),
                    Fact("登记时间", time_words(target.registered_at)),
                    Fact("结束时间", time_words(target.ended_at) or quiet("进行中")),
                ],
            ),
            Section(
                "为什么",
                [
                    Fact("依据", clause_words(target.clause), wide=True),
                    Fact("规则版本", version_words(target.rule_version), wide=True),
                ],
            ),
        ]

    def tables(self, request: HttpRequest, target: Monitoring) -> list[Table]:
        rows = DailyCheck.objects.visible_to(request.user, Capability.CHECK_VIEW).filter(
            person_id=target.person_id, business_day__range=(target.first_day, target.last_day)
        )
        return [check_table(list(rows.order_by("-business_day", "-corrected_at")[:60]))]


def check_table(rows: list[DailyCheck]) -> Table:
    return Table(
        "测温记录",
        ["日期", "时段", "体温", "症状", "方式", "记录人"],
        [
            [
                date_words(row.business_day), Session(row.session).label,
                temperature_words(row) if row.reachable else quiet("未联系上"), symptom_words(row.symptoms),
                Method(row.method).label, row.author_name,
            ]
            for row in rows
        ],
        empty="还没有测温记录。",
    )  # fmt: skip


def finding_table(findings: list[VisitFinding]) -> Table:
    visits = [finding.visit_id for finding in findings]
    replaced = set(ReplacedVisit.objects.filter(visit_id__in=visits).values_list("pk", flat=True))
    rows = [[f.business_day, temperature_words(f), symptom_words(f.symptoms), _standing(f, replaced)] for f in findings]
    return Table("走访发现", ["日期", "体温", "症状", "状态"], rows, empty="走访中没有发现此人有发热等症状。")


def _standing(finding: VisitFinding, replaced: set[Any]) -> Any:
    """Whether the finding counts as evidence, and if not why."""
    if finding.visit_id in replaced:
        return mark("已被更正，不计入", "calm")
    return mark("时间存疑，不计入", "warn") if finding.doubtful else "计入研判"


@admin.register(CodeStatus)
class CodeStatusAdmin(PersonDeedless):
    view_capability = Capability.CODE_VIEW
    list_display = ("who", "colour_word", "reason", "since_words", "where", "cell")
    list_filter = (RegionFilter, choice_filter("colour", "状态", Colour))
    ordering = ("-colour", "-since", "person_id")
    list_note = "状态由规则从登记、测温与走访发现得出，任何人都不能手工设置。每一条都能看到原因和条款。"

    @admin.display(description="健康码", ordering="colour")
    def colour_word(self, status: CodeStatus) -> Any:
        return colour_mark(status.colour)

    @admin.display(description="自何时", ordering="since")
    def since_words(self, status: CodeStatus) -> str:
        return time_words(status.since)

    def page_title(self, target: CodeStatus) -> str:
        return f"健康码状态 {target.person.name_masked}"

    def sections(self, request: HttpRequest, target: CodeStatus) -> list[Section]:
        return [
            Section(
                "健康码",
                [
                    Fact("姓名", object_link(target.person)),
                    Fact("状态", colour_mark(target.colour)),
                    Fact("自何时", time_words(target.since)),
                    Fact("网格", getattr(target, "office_place", target.region_code), wide=True),
                ],
            ),
            Section(
                "为什么",
                [
                    Fact("原因", target.reason, wide=True),
                    Fact("依据", clause_words(target.clause), wide=True),
                    Fact("规则版本", version_words(target.rule_version), wide=True),
                ],
            ),
        ]

    def tables(self, request: HttpRequest, target: CodeStatus) -> list[Table]:
        history = CodeDecision.objects.filter(person_id=target.person_id).order_by("-decided_at", "-id")[:50]
        rows = [[time_words(d.decided_at), colour_mark(d.colour), d.reason, Trigger(d.trigger).label] for d in history]
        checks = DailyCheck.objects.visible_to(request.user, Capability.CHECK_VIEW).filter(person_id=target.person_id)
        findings = VisitFinding.objects.visible_to(request.user, Capability.VISIT_VIEW)
        return [
            Table("研判记录", ["时间", "状态", "原因", "触发"], rows),
            check_table(list(checks.order_by("-business_day", "-corrected_at")[:30])),
            finding_table(list(findings.filter(person_id=target.person_id).order_by("-business_day", "visit_id")[:30])),
        ]


@admin.register(DailyCheck)
class DailyCheckAdmin(ServiceModelAdmin):
    view_capability = Capability.CHECK_VIEW
    list_title = "测温记录"
    list_display = (
        "who",
        "day",
        "session_word",
        "temperature_word",
        "symptom_word",
        "method_word",
        "author",
        "cell",
    )
    list_filter = (
        RegionFilter,
        DayFilter,
        choice_filter("session", "时段", Session),
        choice_filter("fever", "发热", [("True", "发热")]),
    )
    ordering = ("-business_day", "-corrected_at", "id")
    empty_text = "没有符合条件的测温记录。"

    def decorate(self, request: HttpRequest, rows: list[Any]) -> None:
        super().decorate(request, rows)
        with_people(rows)

    @admin.display(description="姓名")
    def who(self, check: Any) -> str:
        return check.office_person.name_masked if check.office_person else "已移出"

    @admin.display(description="日期", ordering="business_day")
    def day(self, check: DailyCheck) -> str:
        return day_words(check.business_day)

    @admin.display(description="时段")
    def session_word(self, check: DailyCheck) -> str:
        return Session(check.session).label

    @admin.display(description="体温", ordering="temperature")
    def temperature_word(self, check: DailyCheck) -> Any:
        return temperature_words(check) if check.reachable else quiet("未联系上")

    @admin.display(description="症状")
    def symptom_word(self, check: DailyCheck) -> str:
        return symptom_words(check.symptoms)

    @admin.display(description="方式")
    def method_word(self, check: DailyCheck) -> str:
        return Method(check.method).label

    @admin.display(description="记录人")
    def author(self, check: DailyCheck) -> str:
        return check.author_name

    @admin.display(description="网格", ordering="region_code")
    def cell(self, check: Any) -> str:
        return check.office_place  # type: ignore[no-any-return]

    def page_title(self, target: DailyCheck) -> str:
        return f"测温记录 {date_words(target.business_day)} {Session(target.session).label}"

    def sections(self, request: HttpRequest, target: Any) -> list[Section]:
        person = target.office_person
        return [
            Section(
                "测温",
                [
                    Fact("姓名", object_link(person) if person else "已移出"),
                    Fact("体温", self.temperature_word(target)),
                    Fact("症状", symptom_words(target.symptoms) or "无"),
                    Fact("方式", Method(target.method).label),
                    Fact("网格", getattr(target, "office_place", target.region_code), wide=True),
                ],
            ),
            fact_section(target),
        ]


def fact_section(fact: Any) -> Section:
    """When it was seen, when it arrived, by whom, and by which rule it was judged."""
    return Section(
        "记录",
        [
            Fact("业务日", date_words(fact.business_day)),
            Fact("记录时间", time_words(fact.corrected_at)),
            Fact("收到时间", time_words(fact.received_at)),
            Fact("记录人", fact.author_name),
            Fact("时间", mark("存疑，未计入报表", "warn") if fact.doubtful else "正常"),
            Fact("规则版本", version_words(fact.rule_version), wide=True),
        ],
    )
