"""修改冲突 in the office: both values, masked; chosen by one deed, or field by field; the plain only for a purpose."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.audit.models import AuditEntry
from backend.core.ids import new_id
from backend.residents.services import household_close, household_update
from backend.sync.models import EditConflict
from tests.conftest import CELL
from tests.office.test_deeds import do
from tests.office.world import Corner

LIST = "admin:sync_editconflict_changelist"


def test_the_list_shows_both_values_and_who(here: Corner, there: Corner, desk: Client) -> None:
    page = desk.get(reverse(LIST)).content.decode()
    assert "人数：5 / 3（李站长）" in page
    assert "户主姓名：孙* / 张*（李站长）" in page
    assert "孙七" not in page
    object_page = desk.get(reverse("admin:sync_editconflict_change", args=[here.conflict.pk])).content.decode()
    assert reverse("admin:residents_household_change", args=[here.household.pk]) in object_page
    for title in ("改成后报的", "保留现有的", "逐项选择", "查看后报的完整内容"):
        assert title in object_page


def test_its_length_costs_no_queries(here: Corner, desk: Client) -> None:
    desk.get(reverse(LIST))
    with CaptureQueriesContext(connection) as one:
        desk.get(reverse(LIST))
    for _ in range(10):
        here.conflict.pk = new_id()
        here.conflict.save(force_insert=True)
    with CaptureQueriesContext(connection) as many:
        desk.get(reverse(LIST))
    assert len(many) == len(one)


@pytest.mark.parametrize(("deed", "headcount", "head"), [("mine", 5, "孙*"), ("theirs", 3, "张*")])
def test_one_deed_settles_it(here: Corner, desk: Client, deed: str, headcount: int, head: str) -> None:
    answer = do(desk, f"sync_editconflict_do_{deed}", here.conflict, seen=1)
    assert answer.status_code == 302
    here.household.refresh_from_db()
    assert (here.household.headcount, here.household.head_masked) == (headcount, head)
    here.conflict.refresh_from_db()
    assert (here.conflict.state, here.conflict.chosen_by_name) == ("chosen", "乡镇（街道）")
    entry = AuditEntry.objects.get(action="conflict_choose")
    assert (entry.actor_name, entry.region_code) == ("clerk", CELL)
    assert desk.get(reverse(LIST)).context["cl"].result_count == 0
    assert desk.get(reverse(LIST), {"state": "chosen"}).context["cl"].result_count == 1
    assert do(desk, f"sync_editconflict_do_{deed}", here.conflict).status_code == 403


def test_field_by_field(here: Corner, desk: Client) -> None:
    half = do(desk, "sync_editconflict_do_pick", here.conflict, seen=1, headcount="mine")
    assert half.context["form"].errors == {"head_name": ["请选择保留哪一个。"]}
    whole = do(desk, "sync_editconflict_do_pick", here.conflict, seen=1, headcount="mine", head_name="theirs")
    assert whole.status_code == 302
    here.household.refresh_from_db()
    assert (here.household.headcount, here.household.head_masked) == (5, "张*")


def test_what_changed_once_more_is_shown_and_asked_about_again(here: Corner, desk: Client) -> None:
    household_update(
        household_id=here.household.pk, base_version=here.household.version, changes={"headcount": 9}, actor=None
    )
    form = desk.get(reverse("admin:sync_editconflict_do_mine", args=[here.conflict.pk])).content.decode()
    assert '<input type="hidden" name="seen" value="1"' in form
    answer = do(desk, "sync_editconflict_do_mine", here.conflict, seen=1)
    assert "人数：9" in answer.context["done"].lines
    assert ">返回重新选择</a>" in answer.content.decode()
    here.household.refresh_from_db()
    assert here.household.headcount == 9
    here.conflict.refresh_from_db()
    assert (here.conflict.state, here.conflict.version) == ("open", 2)
    assert do(desk, "sync_editconflict_do_mine", here.conflict, seen=2).status_code == 302
    here.household.refresh_from_db()
    assert here.household.headcount == 5


def test_a_record_out_of_use_makes_it_void(here: Corner, desk: Client) -> None:
    here.person.household = None
    here.person.save()
    household_close(household_id=here.household.pk, actor=None)
    answer = do(desk, "sync_editconflict_do_mine", here.conflict, seen=1)
    assert answer.status_code == 302
    assert EditConflict.objects.get(pk=here.conflict.pk).state == "void"


def test_the_plain_is_shown_once_for_a_purpose(here: Corner, desk: Client) -> None:
    refused = do(desk, "sync_editconflict_do_reveal", here.conflict, purpose="x")
    assert "purpose" in refused.context["form"].errors
    answer = do(desk, "sync_editconflict_do_reveal", here.conflict, purpose="核对孙七是不是户主")
    assert answer.context["done"].shown == [("户主姓名", "孙七")]
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(action="conflict_reveal")
    assert "孙七" not in json.dumps(entry.detail, ensure_ascii=False)
    assert entry.detail["purpose"] == "核对孙*是不是户主"


def test_who_only_reads_sees_no_deed(here: Corner, user_with: Callable[..., User]) -> None:
    browser = Client()
    officer = user_with(Role.HEALTH, CELL[:6], "officer")
    browser.force_login(officer, backend="backend.accounts.backends.AccountBackend")
    page = browser.get(reverse("admin:sync_editconflict_change", args=[here.conflict.pk]))
    assert {button["title"] for button in page.context["deed_buttons"]} == {"查看后报的完整内容"}
