"""The office in a browser: what it shows by itself, what it hides, and what it says when a page is too old."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from launch.stack import Stack
from tests.api_client import Api
from tests.conformance.world import today
from tests.e2e.conftest import OpenOffice, OpenPhone
from tests.e2e.records import alert_of, calm_household, fever_push, households_of
from tests.real_stack import PASSWORD

pytestmark = pytest.mark.e2e


def test_a_new_alert_appears_in_the_open_list(stack: Stack, open_office: OpenOffice) -> None:
    desk = open_office("town")
    desk.goto("/admin/alerts/alert/")
    expect(desk.locator(".gk-live-on")).to_be_visible(timeout=15_000)
    api = Api(stack.url, "grid1")
    household = calm_household(api)
    fever_push(api, household, 39.2)
    place = alert_of(api, household)["place"]
    row = desk.locator("#result_list tr", has_text=place).filter(has_text="39.2")
    expect(row.first).to_be_visible(timeout=10_000)
    expect(desk.locator("#gk-spoken")).to_contain_text(place)
    row.first.locator("a").first.click()
    desk.get_by_role("link", name="我来处理").click()
    desk.locator(".gk-submit button").click()
    expect(desk.locator("#content")).to_contain_text("已签收")
    assert not [a for a in api.get("alerts/", after=0, state="open")["alerts"] if a.get("household") == household]


def test_a_township_sees_nothing_of_another(stack: Stack, open_office: OpenOffice) -> None:
    county, desk = Api(stack.url, "county"), open_office("town")
    town = Api(stack.url, "town").region
    elsewhere = neighbour(county, town)
    other = county.get("households/", limit=1, region=elsewhere["code"])["results"][0]
    answer = desk.goto(f"/admin/residents/household/{other['id']}/change/")
    assert answer is not None
    assert answer.status == 404
    expect(desk.locator("h1")).to_contain_text("不在您的管辖范围内")
    desk.goto(f"/admin/day/?region={elsewhere['code']}")
    desk.locator(".gk-tree").wait_for()
    expect(desk.locator(".gk-tree-table")).not_to_contain_text(elsewhere["name"])
    for path in ("residents/household", "returnees/returnee", "alerts/alert", "visits/visit"):
        desk.goto(f"/admin/{path}/?region={elsewhere['code']}")
        expect(desk.locator("#result_list tbody tr")).to_have_count(0)


def neighbour(county: Api, town: str) -> dict[str, Any]:
    """Another township of the county, with cells."""
    units = county.get("reports/daily/", region=county.region)["children"]
    return next(row for row in units if row["code"] != town and row["expected"])


def test_a_page_that_is_too_old_says_so(open_office: OpenOffice) -> None:
    desk = open_office("town")
    desk.goto("/admin/returnees/returnee/do/new/")
    desk.context.clear_cookies(name="gk_csrf")
    desk.locator(".gk-submit button").click()
    expect(desk.locator("h1")).to_contain_text("页面已过期")
    desk.get_by_role("link", name="返回今日工作").click()
    expect(desk.locator(".gk-landing")).to_be_visible()

    desk.goto("/admin/day/")
    cell = desk.locator(".gk-cell:visible").first
    cell.wait_for()
    desk.context.clear_cookies(name="gk_session")
    cell.click()
    # Signed out elsewhere: the way back in, and from there to the page it was.
    expect(desk).to_have_url(re.compile(r"/admin/login/\?next=%2Fadmin%2Fday%2F"))
    desk.locator("input[name=username]").fill("town")
    desk.locator("input[name=password]").fill(PASSWORD)
    desk.locator("form button[type=submit]").first.click()
    expect(desk.locator(".gk-cell:visible").first).to_be_visible()


def test_the_day_fits_the_desk_and_says_once_what_is_not_in_use(open_office: OpenOffice) -> None:
    desk = open_office("province")
    desk.goto("/admin/day/")
    figure = desk.locator(".gk-cell:visible").first
    figure.wait_for()
    scroll = desk.locator(".gk-tree-scroll")
    assert scroll.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    unused = desk.locator(".gk-unused")
    expect(unused).to_have_count(1)
    unused.locator(".gk-twist").press("Enter")
    expect(unused.nth(1)).to_contain_text("未启用，下面还没有网格")
    desk.get_by_role("button", name="症状与预警").click()
    expect(desk).to_have_url(re.compile("view=alerts"))
    expect(desk.get_by_role("columnheader", name="办结预警")).to_be_visible()
    expect(desk.get_by_role("columnheader", name="走访率")).to_be_hidden()
    # The walk down takes the keyboard along, and gives it back.
    desk.locator(".gk-cell:visible").first.press("Enter")
    expect(desk.locator(".gk-trace .gk-close")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk.locator(".gk-cell:visible").first).to_be_focused()
    desk.emulate_media(media="print")
    expect(desk.locator(".gk-print-title")).to_be_visible()
    expect(desk.locator("#nav-sidebar")).to_be_hidden()


def test_a_day_is_picked_from_a_chinese_calendar(open_office: OpenOffice) -> None:
    """Its 今天 is the server's business day, on a computer whose clock is two days off as well."""
    desk = open_office("town")
    desk.clock.set_fixed_time(time.time() * 1000 - 2 * 86_400_000)
    desk.goto("/admin/day/")
    desk.locator(".gk-cell:visible").first.wait_for()
    before = desk.locator(".vDateField").input_value()
    assert re.fullmatch(r"\d{4}/\d{2}/\d{2}", before)
    desk.locator("#calendarlink0").press("Enter")
    expect(desk.locator(".calendarbox:visible th").first).to_have_text("一")
    _, month, day = (int(part) for part in today().split("-"))
    marked = desk.locator(".calendarbox:visible td.today")
    expect(marked).to_have_count(1 if before[5:7] == f"{month:02}" else 0)
    desk.locator(".calendarbox:visible").get_by_role("link", name="今天").click()
    expect(desk.locator(".vDateField")).to_have_value(today().replace("-", "/"))
    expect(desk.locator(".gk-tree-state")).to_contain_text(f"{month}月{day}日")


def test_the_first_stop_of_the_keyboard_leads_past_the_menu(open_office: OpenOffice) -> None:
    desk = open_office("town")
    desk.keyboard.press("Tab")
    skip = desk.get_by_role("link", name="跳到正文")
    expect(skip).to_be_focused()
    skip.press("Enter")
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.closest('#content') !== null")


def test_a_returnee_of_the_door_is_at_the_desk_with_colour_and_reason(
    stack: Stack, open_phone: OpenPhone, open_office: OpenOffice
) -> None:
    phone = open_phone("grid2")
    household = households_of(Api(stack.url, "grid2"))[3]["id"]
    phone.go(f"/returnees/new?household={household}")
    for field, value in {"name": "桌上见", "phone": "13900139000", "document": "G28233515"}.items():
        if field == "document":
            phone.page.get_by_test_id("document-type").select_option("passport")
        phone.page.get_by_test_id(field).fill(value)
    phone.page.get_by_test_id("origin").select_option("11")
    phone.page.get_by_test_id("save").dblclick()
    phone.expect_sent()
    desk = open_office("town")
    desk.goto("/admin/returnees/returnee/?registered=today")
    row = desk.locator("#result_list tbody tr", has_text="桌*")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("黄")
    row.locator("a").first.click()
    reason(desk)


def reason(desk: Page) -> None:
    expect(desk.locator("#content")).to_contain_text("正在返乡健康监测期内")
    expect(desk.locator("#content")).not_to_contain_text("桌上见")
