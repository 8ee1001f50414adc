"""Households and people (住户、登记人员): masked; a full name or number is shown once, for a purpose."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest
from django.urls import reverse

from backend.accounts.choices import Capability
from backend.core.admin import (
    Deed,
    DeedDone,
    DeedForm,
    Fact,
    PurposeForm,
    Section,
    ServiceModelAdmin,
    Table,
    object_link,
)
from backend.core.ids import new_id
from backend.core.office.directory import directory
from backend.core.office.filters import RegionFilter, choice_filter
from backend.core.office.words import mark, quiet, time_words
from backend.regions.formfields import CellForm
from backend.residents.admin.handing import OFFER_EXPLAIN, OfferForm, offer
from backend.residents.choices import Care, Occupancy, Purpose, RevealField
from backend.residents.models import Household, Person
from backend.residents.rules import query_terms
from backend.residents.services import (
    HouseholdInput,
    household_close,
    household_create,
    household_move,
    household_reopen,
    household_reveal,
    household_update,
    person_move,
    person_reveal,
)

EDIT = Capability.HOUSEHOLD_EDIT


class _HouseholdFields(forms.Form):
    """What is written down about a household."""

    address = forms.CharField(label="地址", max_length=120, help_text="小区或村屯，如：幸福小区、靠山屯。")
    building = forms.CharField(label="楼栋", max_length=20, required=False)
    unit = forms.CharField(label="单元", max_length=10, required=False)
    floor = forms.IntegerField(label="楼层", required=False)
    door = forms.CharField(label="门牌", max_length=10, required=False)
    head_name = forms.CharField(label="户主姓名", max_length=40)
    headcount = forms.IntegerField(label="人数", min_value=0, max_value=50)
    phone = forms.CharField(label="联系电话", max_length=20, required=False)
    occupancy = forms.ChoiceField(label="居住情况", choices=Occupancy.choices)
    care = forms.MultipleChoiceField(
        label="关爱标识", choices=Care.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class NewHouseholdForm(_HouseholdFields, CellForm):
    cell_capability = EDIT


class HouseholdForm(_HouseholdFields, DeedForm):
    """An edit: sealed fields start empty and stay as they are unless something is typed."""

    base_version = forms.IntegerField(widget=forms.HiddenInput)
    phone_clear = forms.BooleanField(label="清除联系电话", required=False, help_text="号码作废且没有新号码时勾选。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, now in (("head_name", self.target.head_masked), ("phone", self.target.phone_last4)):
            self.fields[name].required = False
            self.fields[name].help_text = f"现为 {'尾号 ' if name == 'phone' else ''}{now or '未登记'}，不改就不填。"
        if not self.target.phone_last4:
            del self.fields["phone_clear"]
        self.order_fields([*_HouseholdFields.base_fields, "phone_clear"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("phone") and data.get("phone_clear"):
            self.add_error("phone_clear", "填了新号码就不用勾选清除。")
        return data


class MoveForm(CellForm):
    cell_capability = EDIT
    cell_label = "转到网格"


class PersonMoveForm(CellForm):
    cell_capability = EDIT
    cell_label = "转到网格"
    address = forms.CharField(label="新住址", max_length=120)


class _RevealForm(PurposeForm):
    example = "联系本人核实行程"
    offered: tuple[RevealField, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(field.value, field.label) for field in self.offered]
        self.fields["fields"] = forms.MultipleChoiceField(
            label="查看内容",
            choices=choices,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "请至少选一项。"},
        )
        self.order_fields(["fields", "purpose"])


class PersonRevealForm(_RevealForm):
    offered = (RevealField.NAME, RevealField.PHONE, RevealField.DOCUMENT)


class HouseholdRevealForm(_RevealForm):
    offered = (RevealField.NAME, RevealField.PHONE)


def _revealed(values: dict[str, str]) -> DeedDone:
    return DeedDone(
        "完整信息",
        shown=[(RevealField(name).label, value or "未登记") for name, value in values.items()],
        note="本次查看已记入审计。离开本页后须重新填写用途才能再看。",
    )


class CareFilter(choice_filter("care", "关爱", Care)):  # type: ignore[misc]
    """Households with this flag."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(care__contains=[self.value()]) if self.value() else queryset


class ClosedFilter(SimpleListFilter):
    """Households in use unless asked otherwise."""

    title = "状态"
    parameter_name = "closed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "已注销")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(closed_at__isnull=self.value() != "yes")

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "在册"}
        yield from others


@admin.register(Household)
class HouseholdAdmin(ServiceModelAdmin):
    view_capability = Capability.HOUSEHOLD_VIEW
    list_display = ("door_words", "head_masked", "headcount", "occupancy_word", "care_words", "phone_words", "cell")
    list_filter = (
        RegionFilter,
        choice_filter("occupancy", "居住", Occupancy),
        CareFilter,
        ClosedFilter,
    )
    search_fields = ("search_text",)
    search_help_text = "按门牌查，如 3-2-501"
    ordering = ("region_code", "sort_key", "id")
    empty_text = "没有符合条件的住户。网格员可在手机上登记，也可在这里新增。"
    deeds = (
        Deed("new", "新增住户", EDIT, "do_new", NewHouseholdForm, icon="add", tone="primary", on_list=True),
        Deed("edit", "修改", EDIT, "do_edit", HouseholdForm, initial="initial_edit", applies=lambda h: not h.closed_at),
        Deed(
            "move", "转网格", EDIT, "do_move", MoveForm, icon="move_down", applies=lambda h: not h.closed_at,
            explain="住户和同住的登记人员一起转到另一个网格，原网格手机上不再显示；还没上报的记录照常接收。",
        ),
        Deed(
            "handover", "移交", EDIT, "do_handover", OfferForm, icon="swap_horiz", applies=lambda h: not h.closed_at,
            explain=OFFER_EXPLAIN,
        ),
        Deed(
            "reveal", "查看完整信息", Capability.PERSON_REVEAL, "do_reveal", HouseholdRevealForm, icon="visibility",
            explain="只显示这一次，操作人、时间和用途都会记入审计。",
        ),
        Deed(
            "close", "注销", EDIT, "do_close", icon="block", tone="danger", applies=lambda h: not h.closed_at,
            explain="房屋拆除、合并或重复登记时使用。走访记录保留；住着登记人员的住户不能注销。",
        ),
        Deed(
            "reopen", "恢复在册", EDIT, "do_reopen", icon="undo", applies=lambda h: bool(h.closed_at),
            explain="注销有误或重新住人时使用，仍归原来的网格，从现在起重新计入应走访住户。",
        ),
    )  # fmt: skip

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Pieces of the address and door, each of which must occur; numbers of people are for the search at the top."""
        for term in query_terms(search_term[:60]):
            queryset = queryset.filter(search_text__contains=term)
        return queryset, False

    @admin.display(description="门牌", ordering="sort_key")
    def door_words(self, household: Household) -> str:
        return household.place

    @admin.display(description="居住", ordering="occupancy")
    def occupancy_word(self, household: Household) -> str:
        return Occupancy(household.occupancy).label

    @admin.display(description="关爱")
    def care_words(self, household: Household) -> str:
        return "、".join(Care(flag).label for flag in household.care)

    @admin.display(description="电话")
    def phone_words(self, household: Household) -> Any:
        return f"尾号 {household.phone_last4}" if household.phone_last4 else quiet("未登记")

    @admin.display(description="网格", ordering="region_code")
    def cell(self, household: Household) -> str:
        return household.office_place  # type: ignore[attr-defined, no-any-return]

    def page_title(self, target: Household) -> str:
        return f"住户 {target.place}"

    def sections(self, request: HttpRequest, target: Household) -> list[Section]:
        return [
            Section(
                "住户",
                [
                    Fact("门牌", target.place, wide=True),
                    Fact("户主", target.head_masked),
                    Fact("人数", f"{target.headcount} 人"),
                    Fact("居住情况", self.occupancy_word(target)),
                    Fact("电话", self.phone_words(target)),
                    Fact("关爱标识", self.care_words(target) or quiet("无"), wide=True),
                    Fact("所在网格", getattr(target, "office_place", target.region_code), wide=True),
                    Fact("登记时间", time_words(target.created_at)),
                    Fact("状态", mark(f"{time_words(target.closed_at)} 注销", "calm") if target.closed_at else "在册"),
                ],
            )
        ]

    def tables(self, request: HttpRequest, target: Household) -> list[Table]:
        people = Person.objects.visible_to(request.user, Capability.PERSON_VIEW).filter(household=target)[:50]
        rows = [[object_link(p), purpose_words(p), f"尾号 {p.phone_last4}" if p.phone_last4 else ""] for p in people]
        tenures = target.tenures.order_by("-valid_from")[:20]
        names = directory().names({t.region_code for t in tenures})
        spans = [
            [names.get(t.region_code, t.region_code), time_words(t.valid_from), time_words(t.valid_to) or "至今"]
            for t in tenures
        ]
        return [
            Table("登记人员", ["姓名", "登记目的", "电话"], rows, empty="这户没有登记人员。"),
            Table("网格归属", ["网格", "起", "止"], spans),
        ]

    def do_new(self, request: HttpRequest, target: None, data: dict[str, Any]) -> DeedDone:
        item = HouseholdInput(id=new_id(), region_code=data.pop("region"), **data)
        household = household_create(item=item, actor=request.user)
        return DeedDone("住户已登记。", to=reverse("admin:residents_household_change", args=[household.pk]))

    def initial_edit(self, request: HttpRequest, target: Household) -> dict[str, Any]:
        names = ("address", "building", "unit", "floor", "door", "headcount", "occupancy", "care")
        return {"base_version": target.version, **{name: getattr(target, name) for name in names}}

    def do_edit(self, request: HttpRequest, target: Household, data: dict[str, Any]) -> DeedDone:
        version, clears_phone = data.pop("base_version"), data.pop("phone_clear", False)
        # What the form shows and somebody emptied is emptied on purpose; what it hides says nothing while empty.
        hidden = {"head_name", "phone"}
        changes = {name: None if value in ("", []) and name not in hidden else value for name, value in data.items()}
        if clears_phone:
            changes["phone"] = None
        household_update(household_id=target.pk, base_version=version, changes=changes, actor=request.user)
        return DeedDone("住户信息已修改。")

    def do_move(self, request: HttpRequest, target: Household, data: dict[str, Any]) -> DeedDone:
        household_move(household_id=target.pk, to_region=data["region"], actor=request.user)
        return DeedDone("住户已转到新的网格。")

    def do_handover(self, request: HttpRequest, target: Household, data: dict[str, Any]) -> DeedDone:
        return offer(request, target, data)

    def do_reveal(self, request: HttpRequest, target: Household, data: dict[str, Any]) -> DeedDone:
        return _revealed(household_reveal(actor=request.user, household_id=target.pk, **data))

    def do_close(self, request: HttpRequest, target: Household, data: dict[str, Any]) -> DeedDone:
        household_close(household_id=target.pk, actor=request.user)
        return DeedDone("住户已注销。")

    def do_reopen(self, request: HttpRequest, target: Household, data: dict[str, Any]) -> DeedDone:
        household_reopen(household_id=target.pk, actor=request.user)
        return DeedDone("住户已恢复在册。")


def purpose_words(person: Person) -> str:
    return "、".join(Purpose(purpose).label for purpose in person.purposes)


class PurposeFilter(choice_filter("purposes", "登记目的", Purpose)):  # type: ignore[misc]
    """People on record for this purpose."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(purposes__contains=[self.value()]) if self.value() else queryset


@admin.register(Person)
class PersonAdmin(ServiceModelAdmin):
    view_capability = Capability.PERSON_VIEW
    list_title = "登记人员"
    list_display = ("name_masked", "purpose_words", "phone_words", "where", "cell")
    list_filter = (RegionFilter, PurposeFilter)
    ordering = ("region_code", "id")
    list_note = "只登记有明确目的的人员，姓名已脱敏。按电话或证件号码查人，请用页面上方的查找。"
    empty_text = "没有符合条件的登记人员。登记返乡人员时会自动建立。"
    deeds = (
        Deed(
            "reveal", "查看完整信息", Capability.PERSON_REVEAL, "do_reveal", PersonRevealForm, icon="visibility",
            explain="只显示这一次，操作人、时间和用途都会记入审计。",
        ),
        Deed(
            "move", "转网格", EDIT, "do_move", PersonMoveForm, icon="move_down",
            explain="由另一个网格负责此人。随住户一起转的，请在住户页转网格。",
        ),
        Deed(
            "handover", "移交", EDIT, "do_handover", OfferForm, icon="swap_horiz",
            applies=lambda person: person.household_id is None, explain=OFFER_EXPLAIN,
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("household")

    @admin.display(description="登记目的")
    def purpose_words(self, person: Person) -> str:
        return purpose_words(person)

    @admin.display(description="电话")
    def phone_words(self, person: Person) -> Any:
        return f"尾号 {person.phone_last4}" if person.phone_last4 else quiet("未登记")

    @admin.display(description="住址")
    def where(self, person: Person) -> str:
        return person.place

    @admin.display(description="责任网格", ordering="region_code")
    def cell(self, person: Person) -> str:
        return person.office_place  # type: ignore[attr-defined, no-any-return]

    def page_title(self, target: Person) -> str:
        return f"登记人员 {target.name_masked}"

    def sections(self, request: HttpRequest, target: Person) -> list[Section]:
        household = target.household
        return [
            Section(
                "登记人员",
                [
                    Fact("姓名", target.name_masked),
                    Fact("登记目的", purpose_words(target)),
                    Fact("证件类型", target.get_document_type_display() if target.document_type else quiet("未登记")),
                    Fact("电话", self.phone_words(target)),
                    Fact("住址", object_link(household) if household else target.address, wide=True),
                    Fact("责任网格", getattr(target, "office_place", target.region_code), wide=True),
                    Fact("登记时间", time_words(target.created_at)),
                ],
            )
        ]

    def do_reveal(self, request: HttpRequest, target: Person, data: dict[str, Any]) -> DeedDone:
        return _revealed(person_reveal(actor=request.user, person_id=target.pk, **data))

    def do_move(self, request: HttpRequest, target: Person, data: dict[str, Any]) -> DeedDone:
        person_move(person_id=target.pk, to_region=data["region"], address=data["address"], actor=request.user)
        return DeedDone("已转到新的网格。")

    def do_handover(self, request: HttpRequest, target: Person, data: dict[str, Any]) -> DeedDone:
        return offer(request, target, data)
