"""Deeds: forms that call services, whose refusals come back at the field in the service's own words."""

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.choices import Role
from backend.accounts.models import Device, Duty, User
from backend.alerts.models import Alert
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.regions.models import Region
from backend.residents.models import Household
from backend.returnees.models import Returnee
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import document
from tests.office.world import Corner, furnish
from tests.residents.factories import HEAD

VILLAGE = CELL[:12]


def do(desk: Client, deed: str, target: Any = None, /, **data: Any) -> Any:
    url = reverse(f"admin:{deed}", args=[target.pk] if target is not None else [])
    return desk.post(url, data)


def test_a_cell_is_made_and_a_refusal_stands_at_its_field(here: Corner, desk: Client) -> None:
    data = {"village": VILLAGE, "number": 8, "name": "第八网格", "kind": "basic", "buildings": "", "leader_name": ""}
    answer = do(desk, "regions_region_do_new", **data)
    assert answer.status_code == 302
    assert Region.objects.get(code=f"{VILLAGE}008").name == "第八网格"
    again = do(desk, "regions_region_do_new", **data)
    assert again.status_code == 422
    assert again.context["form"].errors == {"number": ["这个网格编号已经用过，请换一个编号。"]}
    foreign = do(desk, "regions_region_do_new", **{**data, "village": OTHER_CELL[:12]})
    assert "village" in foreign.context["form"].errors
    closing = do(desk, "regions_region_do_close", Region.objects.get(code=CELL))
    assert "1 户住户、" in closing.context["form"].non_field_errors()[0]


def test_a_file_of_cells_reports_line_by_line(here: Corner, desk: Client) -> None:
    content = f"村代码,网格编号,网格名称\n{VILLAGE},9,第九网格\n{VILLAGE},x,坏\n".encode("gb18030")
    answer = do(desk, "regions_region_do_import", file=SimpleUploadedFile("cells.csv", content))
    assert answer.status_code == 200
    trail = desk.get(f"{reverse('admin:audit_auditentry_changelist')}?kind=cell").content.decode()
    assert "网格（批量导入）" in trail
    assert "cells" not in re.sub(r"<[^>]*>", "", trail)
    done = answer.context["done"]
    assert done.message == "新建 1，更新 0，无变化 0，未导入 1。"
    assert done.lines == [f"第 3 行 {VILLAGE}：网格编号应为 1 到 999 的整数。"]
    bad = do(desk, "regions_region_do_import", file=SimpleUploadedFile("x.csv", b"a,b\n"))
    assert bad.context["form"].non_field_errors() == ["表头缺少：村代码、网格编号、网格名称。"]


def test_a_reveal_asks_for_a_purpose_shows_once_and_leaves_a_trace(here: Corner, desk: Client) -> None:
    page = desk.get(reverse("admin:residents_household_change", args=[here.household.pk]))
    assert HEAD not in page.content.decode()
    refused = do(desk, "residents_household_do_reveal", here.household, fields=["name"], purpose="x")
    assert "purpose" in refused.context["form"].errors
    answer = do(desk, "residents_household_do_reveal", here.household, fields=["name"], purpose="核实住户信息")
    assert ("姓名", HEAD) in answer.context["done"].shown
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(action="household_reveal")
    assert (entry.actor_name, entry.detail["purpose"]) == ("clerk", "核实住户信息")
    assert HEAD not in json.dumps(entry.detail, ensure_ascii=False)


def test_a_household_is_entered_edited_moved(here: Corner, desk: Client) -> None:
    data = {
        "region": CELL, "address": "幸福小区", "building": "3", "unit": "2", "floor": "5", "door": "501",
        "head_name": "赵六", "headcount": "3", "phone": "", "occupancy": "occupied", "care": ["elderly_alone"],
    }  # fmt: skip
    assert do(desk, "residents_household_do_new", **data).status_code == 302
    household = Household.objects.get(address="幸福小区")
    bad = do(desk, "residents_household_do_new", **{**data, "phone": "123"})
    assert bad.context["form"].errors == {"phone": ["手机号码不正确，请核对。"]}
    edit = {**data, "base_version": household.version, "head_name": "", "headcount": "4"}
    assert do(desk, "residents_household_do_edit", household, **edit).status_code == 302
    household.refresh_from_db()
    assert (household.headcount, household.head_masked) == (4, "赵*")
    # Somebody else's page, opened before that edit.
    stale = do(desk, "residents_household_do_edit", household, **{**edit, "headcount": "5"})
    assert "headcount" in stale.context["form"].errors
    moved = do(desk, "residents_household_do_move", household, region="220521901901902")
    assert moved.status_code == 302
    outside = do(desk, "residents_household_do_move", household, region=OTHER_CELL)
    assert "region" in outside.context["form"].errors


def test_a_telephone_is_kept_replaced_or_cleared(here: Corner, desk: Client) -> None:
    household = here.household
    page = desk.get(reverse("admin:residents_household_do_edit", args=[household.pk]))
    assert "清除联系电话" in page.content.decode()
    data = {
        "address": household.address, "building": household.building, "unit": household.unit,
        "floor": household.floor or "", "door": household.door, "head_name": "", "headcount": household.headcount,
        "phone": "", "occupancy": household.occupancy, "care": household.care, "base_version": household.version,
    }  # fmt: skip
    both = do(desk, "residents_household_do_edit", household, **data, phone_clear="on")
    assert both.status_code == 302
    household.refresh_from_db()
    assert household.phone_last4 == ""
    again = desk.get(reverse("admin:residents_household_do_edit", args=[household.pk]))
    assert "清除联系电话" not in again.content.decode()


def test_a_new_number_and_a_cleared_one_contradict_each_other(here: Corner, desk: Client) -> None:
    household = here.household
    data = {
        "address": household.address, "headcount": household.headcount, "occupancy": household.occupancy,
        "base_version": household.version, "phone": "12900005678", "phone_clear": "on",
    }  # fmt: skip
    answer = do(desk, "residents_household_do_edit", household, **data)
    assert answer.context["form"].errors == {"phone_clear": ["填了新号码就不用勾选清除。"]}


def test_a_closed_household_is_taken_back_and_so_is_a_leaving(here: Corner, desk: Client) -> None:
    left = do(desk, "returnees_returnee_do_leave", here.returnee, left_on=clock.today().isoformat())
    assert left.status_code == 302
    assert do(desk, "returnees_returnee_do_return", here.returnee).status_code == 302
    assert Returnee.objects.filter(continues_id=here.returnee.pk, state="present").exists()
    data = {
        "region": CELL, "address": "空房小区", "building": "", "unit": "", "floor": "", "door": "1",
        "head_name": "赵六", "headcount": "0", "phone": "", "occupancy": "empty",
    }  # fmt: skip
    do(desk, "residents_household_do_new", **data)
    household = Household.objects.get(address="空房小区")
    assert do(desk, "residents_household_do_close", household).status_code == 302
    assert do(desk, "residents_household_do_reopen", household).status_code == 302
    household.refresh_from_db()
    assert household.closed_at is None


def test_a_duty_is_offered_for_revoking_only_to_who_may_take_it(here: Corner, desk: Client, user_with: Any) -> None:
    page = reverse("admin:accounts_duty_change", args=[here.duty.pk])
    assert "撤销职责" in desk.get(page).content.decode()
    boss = user_with(Role.TOWNSHIP, CELL[:9], "another-boss")
    equal = reverse("admin:accounts_duty_change", args=[boss.duties.get().pk])
    assert "撤销职责" in desk.get(equal).content.decode()
    health = user_with(Role.HEALTH, CELL[:9], "doctor")
    foreign = health.duties.get()
    assert "撤销职责" not in desk.get(reverse("admin:accounts_duty_change", args=[foreign.pk])).content.decode()
    assert do(desk, "accounts_duty_do_revoke", foreign).status_code == 403


def test_a_returnee_is_registered_at_the_desk(here: Corner, desk: Client) -> None:
    data = {
        "name": "钱七", "phone": "12900004321", "document_type": "id_card", "document_number": document(),
        "origin_text": "辽宁省大连市", "arrived_on": clock.today().isoformat(), "transport": "", "region": CELL,
        "address": "东沟屯3号",
    }  # fmt: skip
    answer = do(desk, "returnees_returnee_do_new", **data)
    assert answer.status_code == 302, answer.context["form"].errors
    returnee = Returnee.objects.get(origin_text="辽宁省大连市")
    unsaid = do(desk, "returnees_returnee_do_new", **{**data, "name": "", "region": ""})
    assert unsaid.context["form"].errors == {"name": ["请填写此项。"], "region": ["请选择网格。"]}
    twice = do(desk, "returnees_returnee_do_new", **data)
    assert "document_number" in twice.context["form"].errors
    ahead = (clock.today() + dt.timedelta(days=3)).isoformat()
    late = do(desk, "returnees_returnee_do_new", **{**data, "document_number": document(), "arrived_on": ahead})
    assert "arrived_on" in late.context["form"].errors
    left = do(desk, "returnees_returnee_do_leave", returnee, left_on=clock.today().isoformat())
    assert left.status_code == 302
    returnee.refresh_from_db()
    assert returnee.state == "left"


def test_users_and_duties(here: Corner, desk: Client) -> None:
    today = clock.today().isoformat()
    data = {
        "username": "zhou", "display_name": "周八", "phone_hint": "", "role": "grid_worker", "region": CELL,
        "valid_from": today, "valid_to": "",
    }  # fmt: skip
    made = do(desk, "accounts_user_do_new", **data)
    password = dict(made.context["done"].shown)["初始密码"]
    user = User.objects.get(username="zhou")
    assert user.check_password(password)
    assert "username" in do(desk, "accounts_user_do_new", **data).context["form"].errors
    above = do(desk, "accounts_user_do_new", **{**data, "username": "boss", "role": "county", "region": CELL[:6]})
    assert above.status_code == 422
    assert not User.objects.filter(username="boss").exists()
    granted = do(desk, "accounts_user_do_grant", user, role="village", region=VILLAGE, valid_from=today, valid_to="")
    assert granted.status_code == 302
    duty = Duty.objects.get(user=user, role=Role.VILLAGE)
    assert do(desk, "accounts_duty_do_revoke", duty).status_code == 302
    reset = do(desk, "accounts_user_do_reset", user)
    assert len(dict(reset.context["done"].shown)["一次性重置码"]) == 8
    assert do(desk, "accounts_device_do_revoke", here.device).status_code == 302
    assert Device.objects.get(pk=here.device.pk).revoked_at is not None


def test_alerts_are_taken_on_and_closed(here: Corner, desk: Client) -> None:
    assert do(desk, "alerts_alert_do_acknowledge", here.alert).status_code == 302
    assert "reason" in do(desk, "alerts_alert_do_close", here.alert, reason="", note="").context["form"].errors
    assert do(desk, "alerts_alert_do_close", here.alert, reason="handled", note="已送医").status_code == 302
    assert Alert.objects.get(pk=here.alert.pk).state == "closed"
    page = desk.get(reverse("admin:alerts_alert_change", args=[here.alert.pk])).content.decode()
    assert "已送医" not in page


def test_free_lookups_are_refused(here: Corner, desk: Client) -> None:
    """A column that no filter declares cannot be read letter by letter through the address."""
    for query in ("head_sealed__startswith=a", "phone_last4=5678", "people__document_index=x", "id__gt=0"):
        assert desk.get(f"{reverse('admin:residents_household_changelist')}?{query}").status_code in {302, 400}


def test_bad_addresses_are_no_faults(here: Corner, desk: Client) -> None:
    for url in (
        "/admin/residents/household/not-a-uuid/change/",
        "/admin/accounts/user/99999999999999999999/change/",
        "/admin/residents/household/?region=abc&occupancy=zzz&p=999999&o=99.-1",
        "/admin/visits/visit/?day=2026-13-99",
        "/admin/day/?region=zz&day=0000-00-00",
        "/admin/?region=%00",
        "/admin/health/dailycheck/?fever=maybe",
        "/admin/audit/auditentry/?target=%00&kind=none",
        "/admin/audit/auditentry/?q=%00",
    ):
        assert desk.get(url).status_code in {200, 302, 404}, url
    assert desk.post("/admin/find/", {"q": "\x005幢"}).status_code == 200
    chosen = {"action": "acknowledge_chosen", "_selected_action": ["not-a-key"]}
    assert desk.post("/admin/alerts/alert/", chosen).status_code in {200, 302}


def test_the_search_takes_numbers_by_post_only(here: Corner, desk: Client) -> None:
    answer = desk.post("/admin/find/", {"q": "12900001234"})
    assert [group["title"] for group in answer.context["groups"]] == ["登记人员"]
    assert "no-store" in answer["Cache-Control"]
    assert desk.get("/admin/find/?q=12900001234").context["groups"] == []
    assert desk.post("/admin/find/", {"q": "3-2-501"}).context["groups"][0]["title"] == "住户"


def test_who_must_change_the_password_does_that_first(here: Corner, clerk: User, desk: Client) -> None:
    User.objects.filter(pk=clerk.pk).update(must_change_password=True)
    answer = desk.get("/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/password_change/")
    data = {"old_password": "a-good-password", "new_password1": "12345678", "new_password2": "12345678"}
    assert "new_password1" in desk.post("/admin/password_change/", data).context["form"].errors
    data |= {"new_password1": "another-good-one", "new_password2": "another-good-one"}
    assert desk.post("/admin/password_change/", data)["Location"] == "/admin/"
    assert desk.get("/admin/").status_code == 200


def test_signing_in_to_the_office(here: Corner, clerk: User) -> None:
    def sign_in(username: str, password: str) -> Any:
        return browser.post("/admin/login/", {"username": username, "password": password})

    browser = Client()
    assert sign_in("clerk", "a-good-password")["Location"] == "/admin/"
    browser = Client()
    here.worker.set_password("a-good-password")
    here.worker.save()
    refused = sign_in(here.worker.username, "a-good-password")
    assert refused.context["form"].non_field_errors() == ["您的职责不包含管理后台，请使用手机应用登录。"]
    statuses = [sign_in("clerk", "wrong").status_code for _ in range(6)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert "暂时锁定" in sign_in("clerk", "a-good-password").content.decode()


@pytest.mark.parametrize(
    "page",
    [
        "accounts_user", "accounts_duty", "accounts_device", "residents_household", "residents_person",
        "returnees_returnee", "health_monitoring", "health_codestatus", "health_dailycheck", "visits_visit",
        "alerts_alert", "audit_auditentry", "reports_outboxfile", "regions_region",
    ],
)  # fmt: skip
def test_lists_cost_the_same_whatever_their_length(page: str, here: Corner, desk: Client, settings: Any) -> None:
    # The demo's clock is read once a second, which would count now and then.
    settings.DEMO_MODE = False
    url = reverse(f"admin:{page}_changelist")
    desk.get(url)
    with CaptureQueriesContext(connection) as few:
        desk.get(url)
    settings.DEMO_MODE = True
    furnish("220521901901902")
    furnish("220521901901903")
    settings.DEMO_MODE = False
    with CaptureQueriesContext(connection) as many:
        desk.get(url)
    assert len(many) == len(few)
    # Two of them are the open work in the header.
    assert len(few) <= 16


def test_the_landing_page_costs_the_same_whatever_there_is(here: Corner, desk: Client, settings: Any) -> None:
    settings.DEMO_MODE = False
    desk.get("/admin/")
    with CaptureQueriesContext(connection) as few:
        desk.get("/admin/")
    settings.DEMO_MODE = True
    furnish("220521901901902")
    settings.DEMO_MODE = False
    with CaptureQueriesContext(connection) as many:
        desk.get("/admin/")
    assert len(many) == len(few)
