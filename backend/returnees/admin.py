"""Returnees in the office (返乡人员): registered at the desk, seen to leave, corrected."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from backend.accounts.choices import Capability
from backend.core import clock
from backend.core.admin import Deed, DeedDone, DeedForm, Fact, Section, ServiceModelAdmin, Table, day_field, object_link
from backend.core.office.directory import directory
from backend.core.office.filters import DayFilter, RegionFilter, choice_filter
from backend.core.office.words import clause_words, date_words, days_words, mark, quiet, time_words
from backend.health.admin import check_table, colour_mark
from backend.health.models import CodeStatus, DailyCheck, Monitoring
from backend.regions.formfields import CellForm
from backend.residents.choices import DocumentType
from backend.returnees.choices import ReturneeState, Transport
from backend.returnees.models import Returnee
from backend.returnees.services import (
    returnee_correct_arrival,
    returnee_leave,
    returnee_register_at_office,
    returnee_return,
)

REGISTER = Capability.RETURNEE_REGISTER


class RegisterForm(CellForm):
    """The six fields of a returnee, and where he lives."""

    cell_capability = REGISTER
    name = forms.CharField(label="姓名", max_length=40)
    phone = forms.CharField(label="联系电话", max_length=20)
    document_type = forms.ChoiceField(label="证件类型", choices=DocumentType.choices)
    document_number = forms.CharField(label="证件号码", max_length=30)
    origin_text = forms.CharField(label="从哪里来", max_length=60, help_text="如：辽宁省大连市中山区。")
    arrived_on = day_field("到达日期")
    transport = forms.ChoiceField(label="交通方式", choices=[("", "不清楚"), *Transport.choices], required=False)
    transport_number = forms.CharField(
        label="车次、航班号、车牌", max_length=40, required=False, help_text="如：G8012 次 5 车厢。"
    )
    via = forms.CharField(
        label="途经地",
        max_length=120,
        required=False,
        help_text="中转、停留过的地方，如：沈阳市和平区（换车 2 小时）。",
    )
    address = forms.CharField(label="居住地址", max_length=120)

    field_order = [
        "name", "phone", "document_type", "document_number", "origin_text", "arrived_on", "transport",
        "transport_number", "via", "region", "address",
    ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)
        self.fields["arrived_on"].initial = clock.today()


class LeaveForm(DeedForm):
    left_on = day_field("离开日期")


class ArrivalForm(DeedForm):
    arrived_on = day_field("到达日期")


class RegisteredFilter(DayFilter):
    title = "登记日期"
    parameter_name = "registered"
    column = "registered_day"


def _present(returnee: Returnee) -> bool:
    return returnee.state == ReturneeState.PRESENT


def _left(returnee: Returnee) -> bool:
    return returnee.state == ReturneeState.LEFT


@admin.register(Returnee)
class ReturneeAdmin(ServiceModelAdmin):
    view_capability = Capability.RETURNEE_VIEW
    list_display = ("who", "state_word", "arrived", "origin", "code_word", "until", "where", "cell")
    list_filter = (RegionFilter, choice_filter("state", "状态", ReturneeState), RegisteredFilter)
    ordering = ("-received_at", "id")
    empty_text = "没有符合条件的返乡人员。"
    deeds = (
        Deed(
            "new", "登记返乡人员", REGISTER, "do_register", RegisterForm, icon="add", tone="primary", on_list=True,
            explain="登记后自动开始健康监测，并按规则给出健康码状态。",
        ),
        Deed("leave", "登记离开", REGISTER, "do_leave", LeaveForm, icon="logout", applies=_present,
             explain="监测提前结束，不再列入在本地名单。", initial="initial_leave"),
        Deed("return", "撤销离开", REGISTER, "do_return", icon="undo", applies=_left,
             explain="登记有误，或人其实还在本地：从今天起重新列入名单，监测期的剩余天数继续。从外地再次返回的，请重新登记。"),
        Deed("arrival", "更正到达日期", REGISTER, "do_arrival", ArrivalForm, applies=_present,
             explain="原监测期作废，按新的到达日期重新计算。", initial="initial_arrival"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("person", "person__household")

    def decorate(self, request: HttpRequest, rows: list[Any]) -> None:
        super().decorate(request, rows)
        people = {row.person_id for row in rows}
        codes = CodeStatus.objects.in_bulk(people)
        terms = {term.person_id: term for term in Monitoring.objects.filter(person_id__in=people).order_by("to_day")}
        origins = directory().names({row.origin_code for row in rows if row.origin_code})
        for row in rows:
            row.office_code, row.office_term = codes.get(row.person_id), terms.get(row.person_id)
            row.office_origin = row.origin_text or origins.get(row.origin_code, row.origin_code)

    @admin.display(description="姓名")
    def who(self, returnee: Returnee) -> str:
        return returnee.person.name_masked

    @admin.display(description="状态", ordering="state")
    def state_word(self, returnee: Returnee) -> str:
        return ReturneeState(returnee.state).label

    @admin.display(description="到达", ordering="arrived_on")
    def arrived(self, returnee: Returnee) -> Any:
        text = date_words(returnee.arrived_on)
        return mark(f"{text} 存疑", "warn") if returnee.arrival_doubtful else text

    @admin.display(description="来自")
    def origin(self, returnee: Any) -> str:
        return returnee.office_origin  # type: ignore[no-any-return]

    @admin.display(description="健康码")
    def code_word(self, returnee: Any) -> Any:
        return colour_mark(returnee.office_code.colour) if returnee.office_code else quiet("无")

    @admin.display(description="监测至")
    def until(self, returnee: Any) -> str:
        return date_words(returnee.office_term.to_day) if returnee.office_term else ""

    @admin.display(description="住址")
    def where(self, returnee: Returnee) -> str:
        return returnee.person.place

    @admin.display(description="网格", ordering="region_code")
    def cell(self, returnee: Any) -> str:
        return returnee.office_place  # type: ignore[no-any-return]

    def page_title(self, target: Returnee) -> str:
        return f"返乡人员 {target.person.name_masked}"

    def sections(self, request: HttpRequest, target: Any) -> list[Section]:
        left = f"{date_words(target.left_on)} 离开" if target.left_on else quiet("在本地")
        return [
            Section(
                "返乡",
                [
                    Fact("姓名", object_link(target.person)),
                    Fact("状态", self.state_word(target)),
                    Fact("到达日期", self.arrived(target)),
                    Fact("离开日期", left),
                    Fact("从哪里来", self.origin(target)),
                    Fact("交通方式", " ".join((target.get_transport_display(), target.transport_number)).strip()),
                    Fact("途经地", target.via),
                    Fact("住址", target.person.place, wide=True),
                    Fact("网格", getattr(target, "office_place", target.region_code), wide=True),
                    Fact("登记时间", time_words(target.registered_at)),
                    Fact("登记人", target.author_name),
                ],
            ),
            Section("健康", self._health(target)),
        ]

    def _health(self, target: Any) -> list[Fact]:
        code, term = target.office_code, target.office_term
        facts = [
            Fact("健康码", object_link(code, colour_mark(code.colour)) if code else "无"),
            Fact("监测期", object_link(term, days_words(term.from_day, term.to_day)) if term else "无"),
        ]
        if code:
            facts += [Fact("原因", code.reason, wide=True), Fact("依据", clause_words(code.clause), wide=True)]
        return facts

    def tables(self, request: HttpRequest, target: Returnee) -> list[Table]:
        same = self.get_queryset(request).filter(person_id=target.person_id).exclude(pk=target.pk)[:20]
        rows = [
            [object_link(r, date_words(r.arrived_on)), r.origin_text or r.origin_code, self.state_word(r)] for r in same
        ]
        checks = DailyCheck.objects.visible_to(request.user, Capability.CHECK_VIEW).filter(
            person_id=target.person_id, business_day__gte=target.arrived_on
        )
        return [
            check_table(list(checks.order_by("-business_day", "-corrected_at")[:30])),
            Table("历次返乡", ["到达", "来自", "状态"], rows, empty="没有其他返乡记录。"),
        ]

    def do_register(self, request: HttpRequest, target: None, data: dict[str, Any]) -> DeedDone:
        region = data.pop("region")
        returnee = returnee_register_at_office(
            actor=request.user, region_code=region, household_id=None, origin_code="", **data
        )
        return DeedDone("返乡人员已登记。", to=reverse("admin:returnees_returnee_change", args=[returnee.pk]))

    def initial_leave(self, request: HttpRequest, target: Returnee) -> dict[str, dt.date]:
        return {"left_on": clock.today()}

    def do_leave(self, request: HttpRequest, target: Returnee, data: dict[str, Any]) -> DeedDone:
        returnee_leave(returnee_id=target.pk, left_on=data["left_on"], actor=request.user)
        return DeedDone("已登记离开。")

    def do_return(self, request: HttpRequest, target: Returnee, data: dict[str, Any]) -> DeedDone:
        goes_on = returnee_return(returnee_id=target.pk, actor=request.user)
        return DeedDone("已撤销离开。", to=reverse("admin:returnees_returnee_change", args=[goes_on.pk]))

    def initial_arrival(self, request: HttpRequest, target: Returnee) -> dict[str, dt.date]:
        return {"arrived_on": target.arrived_on}

    def do_arrival(self, request: HttpRequest, target: Returnee, data: dict[str, Any]) -> DeedDone:
        returnee_correct_arrival(returnee_id=target.pk, arrived_on=data["arrived_on"], actor=request.user)
        return DeedDone("到达日期已更正。")
