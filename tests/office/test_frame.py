"""What stands around every page: who is signed in as what, what waits, where one is, and the way past the menu."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.alerts.models import Alert
from backend.core import clock
from backend.core.office.words import date_words, days_words
from backend.regions.choices import Level
from backend.reports.choices import Group, State, Value
from backend.reports.indicators import indicators
from backend.reports.models import DailyReport
from tests.conftest import CELL, OTHER_CELL
from tests.office.world import Corner

TOWN = CELL[:9]


def waiting(page: Any) -> dict[str, int]:
    return {each.word: each.count for each in page.context["open_work"]}


def village_report(code: str, **fields: Any) -> None:
    """Yesterday's row of a village: five cells expected of it."""
    day = clock.today() - dt.timedelta(days=1)
    told = {
        "expected": 5, "reported": 5, "exempted": 0, "contributing": 5, "facts": 1, "visits": 1, "checks": 0,
        "inputs": 0, "digest": 0, **fields,
    }  # fmt: skip
    DailyReport.objects.create(
        id=f"{day}:{code}", region_code=code, business_day=day, level=Level.VILLAGE, parent_code=code[:9],
        value=Value.N, **{"state": State.SUBMITTED, **told},
    )  # fmt: skip


def test_a_cell_without_a_record_owes_its_report_before_its_day_is_closed(here: Corner, desk: Client) -> None:
    day = clock.today() - dt.timedelta(days=1)
    village_report(CELL[:12], reported=4, state=State.RUNNING)
    DailyReport.objects.create(
        id=f"{day}:{CELL}", region_code=CELL, business_day=day, level=Level.GRID, parent_code=CELL[:12],
        state=State.RUNNING, value=Value.N, expected=1, reported=0, exempted=0, contributing=0, facts=0, visits=0,
        checks=0, inputs=0, digest=0,
    )  # fmt: skip
    page = desk.get("/admin/").content.decode()
    assert "昨日应报的网格全部已报" not in page
    assert f"region={CELL}&amp;day={day}" in page


def test_the_header_says_who_serves_where(here: Corner, desk: Client, clerk: User) -> None:
    page = desk.get("/admin/").content.decode()
    assert clerk.display_name in page
    assert "乡镇（街道）" in page
    Duty.objects.create(user=clerk, role=Role.AUDITOR, region_code=CELL[:6], valid_from=clock.today())
    assert "等 2 项职责" in desk.get("/admin/").content.decode()


def test_the_header_counts_what_waits_in_ones_own_regions(here: Corner, there: Corner, desk: Client) -> None:
    village_report(CELL[:12], reported=3)
    village_report(OTHER_CELL[:12], reported=0, late=True)
    assert waiting(desk.get("/admin/")) == {"待处置": 1, "昨日未报": 2, "修改冲突": 1, "上交记录": 1}
    Alert.objects.filter(pk=here.alert.pk).update(due_at=clock.now() - dt.timedelta(minutes=1))
    DailyReport.objects.filter(region_code=CELL[:12]).update(late=True)
    page = desk.get(reverse("admin:residents_household_changelist"))
    assert waiting(page) == {"超时": 1, "待处置": 1, "昨日未报": 2, "迟报": 1, "修改冲突": 1, "上交记录": 1}
    assert 'aria-label="昨日未报 2 个网格"' in page.content.decode()


def test_who_keeps_users_has_no_open_work(here: Corner, user_with: Any) -> None:
    browser = Client()
    keeper = user_with(Role.SYSTEM_ADMIN, CELL[:6], "keeper")
    browser.force_login(keeper, backend="backend.accounts.backends.AccountBackend")
    assert waiting(browser.get("/admin/")) == {}


@pytest.mark.parametrize(
    ("page", "steps"),
    [
        ("returnees_returnee_changelist", ["人与户"]),
        ("returnees_returnee_change", ["人与户", "返乡人员"]),
        ("returnees_returnee_do_leave", ["人与户", "返乡人员", "返乡人员"]),
        ("accounts_duty_changelist", ["队伍", "人员与职责"]),
        ("day_tree", ["上报"]),
    ],
)
def test_every_page_says_where_it_stands(page: str, steps: list[str], here: Corner, desk: Client) -> None:
    arguments = [here.returnee.pk] if page.endswith(("_change", "_leave")) else []
    told = desk.get(reverse(f"admin:{page}", args=arguments)).content.decode()
    trail = told.split('<nav class="gk-trail"')[1].split("</nav>")[0]
    items = [re.sub(r"<[^>]+>", "", item).split() for item in re.findall(r"<li>(.*?)</li>", trail, re.S)]
    assert [words[0] for words in items] == steps
    assert told.index('class="gk-skip" href="#content"') < told.index('id="nav-sidebar"')


def test_an_empty_list_says_what_fills_it(here: Corner, desk: Client) -> None:
    here.device.delete()
    url = reverse("admin:accounts_device_changelist")
    assert "有人在手机上登录后会出现在这里" in desk.get(url).content.decode()
    searched = desk.get(url, {"q": "没有这台"}).content.decode()
    assert "没有符合条件的记录" in searched
    assert "清除筛选" in searched


def test_a_day_is_written_the_chinese_way_whatever_the_browser_speaks(here: Corner, desk: Client) -> None:
    page = desk.get(reverse("admin:returnees_returnee_do_new")).content.decode()
    field = re.search(r"<input[^>]*name=\"arrived_on\"[^>]*>", page)
    assert field is not None
    assert f'value="{clock.today():%Y/%m/%d}"' in field[0]
    assert 'type="text"' in field[0]
    assert reverse("admin:jsi18n") in page


def test_dates_in_words(settings: Any) -> None:
    settings.DEMO_MODE = False
    today = clock.today()
    assert date_words(today) == f"{today.month}月{today.day}日"
    assert date_words(dt.date(2020, 2, 24)) == "2020年2月24日"
    assert days_words(dt.date(2020, 2, 24), None, open_end="今后") == "2020年2月24日 至 今后"


def test_every_indicator_has_its_column(here: Corner, desk: Client) -> None:
    tree = desk.get(reverse("admin:day_tree"), {"view": "nonsense"}).context["tree"]
    keys = [key for group in tree["groups"] for key in group["keys"]]
    assert sorted(keys) == sorted(indicator.key for indicator in indicators())
    assert [group["name"] for group in tree["groups"]] == Group.labels
    assert set(tree["main"]) < set(keys)
    assert tree["view"] == "main"
    assert tree["path"] == [{"code": TOWN, "name": tree["path"][0]["name"]}]
