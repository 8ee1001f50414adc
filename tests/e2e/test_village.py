"""The village's day between people: an alert that one takes and all see taken, the report with its evidence."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Route, expect

from launch.stack import Stack
from tests.api_client import Api
from tests.e2e.conftest import OpenPhone
from tests.e2e.records import alert_of, calm_household, fever_push, households_of, returnee_push

pytestmark = pytest.mark.e2e
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Confirming opens at 17:00 (policy report.confirm.opens).
EVENING = 18


@pytest.fixture
def evening(stack: Stack) -> Iterator[None]:
    """Business time at 18:00 or later of the day that it is."""
    now = dt.datetime.now(SHANGHAI)
    if now.hour < EVENING:
        stack.manage("time_travel", "--to", f"{now:%Y-%m-%d} {EVENING}:00")
    yield
    if now.hour < EVENING:
        stack.manage("time_travel", "--reset")


def card(page: Page, alert: str) -> str:
    return f"[data-testid=alert-row][data-alert='{alert}']"


def test_an_alert_taken_on_one_phone_is_taken_on_the_other(stack: Stack, open_phone: OpenPhone) -> None:
    worker, village = open_phone("grid2").page, open_phone("village").page
    for page in (worker, village):
        page.get_by_test_id("tab-alerts").click()
        expect(page.get_by_test_id("alerts-live")).to_have_attribute("data-live", "true", timeout=20_000)
    api = Api(stack.url, "grid2")
    household = calm_household(api)
    fever_push(api, household, 38.3)
    alert = alert_of(api, household)["id"]
    for page in (worker, village):
        expect(page.locator(card(page, alert))).to_be_visible(timeout=10_000)
    village.locator(card(village, alert)).get_by_test_id("acknowledge").click()
    expect(worker.locator(card(worker, alert))).to_have_count(0, timeout=10_000)
    worker.get_by_test_id("alerts-acknowledged").click()
    expect(worker.locator(card(worker, alert))).to_contain_text("松河社区居委会")
    expect(worker.locator(card(worker, alert)).get_by_test_id("countdown")).to_have_count(0)


def test_a_zero_that_records_contradict_is_refused_and_the_report_is_confirmed_with_one_tap(
    stack: Stack, open_phone: OpenPhone, evening: None
) -> None:
    grid = Api(stack.url, "grid1")
    fever_push(grid, calm_household(grid), 38.5)
    village = open_phone("village").page

    def aged(route: Route) -> None:
        """The page as it was before the fever: every event 0."""
        told = route.fetch().json()
        events = {each["key"] for each in told["indicators"] if each["kind"] == "event"}
        told["figures"] = {key: 0 if key in events else value for key, value in told["figures"].items()}
        route.fulfill(json=told)

    village.route("**/api/v1/reports/daily/?**", aged, times=1)
    village.get_by_test_id("go-report").click()
    expect(village.get_by_test_id("report-evidence")).to_contain_text("依据：走访")
    button = village.get_by_test_id("confirm-report")
    expect(button).to_have_text("确认零报告")
    button.click()
    problem = village.get_by_test_id("report-problem")
    expect(problem).to_contain_text("零")
    expect(problem).to_contain_text("发热")
    expect(button).to_have_text("确认上报")
    button.click()
    expect(village.get_by_test_id("report")).to_have_attribute("data-state", "confirmed")
    expect(village.get_by_test_id("report-settled")).to_contain_text("松河社区居委会")


def test_a_measurement_that_is_due_is_done(stack: Stack, open_phone: OpenPhone) -> None:
    grid = Api(stack.url, "grid2")
    # The demo's people may all have been measured: it depends on the hour.
    person = returnee_push(grid, households_of(grid)[0]["id"])
    phone = open_phone("grid2")
    page = phone.page
    phone.go("/checks")
    row = page.locator(f"[data-testid=check-row][data-person='{person}']")
    due = page.locator("[data-testid=check-row][data-done=false]")
    expect(row).to_have_attribute("data-done", "false")
    left = due.count()
    row.click()
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("save-problem")).to_have_text("请填体温；联系不上时点“联系不上”。")
    page.get_by_test_id("preset-36.6").click()
    expect(page.get_by_test_id("save-problem")).to_have_count(0)
    page.get_by_test_id("save").dblclick()
    expect(row).to_have_attribute("data-done", "true")
    expect(due).to_have_count(left - 1)
    phone.expect_sent()
    page.reload()
    expect(row).to_have_attribute("data-done", "true")


def test_the_app_starts_and_saves_with_the_server_gone(stack: Stack, open_phone: OpenPhone) -> None:
    first = open_phone("grid1")
    (household,) = first.unvisited()
    stack.kill("web")
    phone = first.another_window()
    first.page.close()
    phone.go("/")
    expect(phone.row(household)).to_be_visible()
    phone.all_well(household)
    phone.expect_waiting(1)
    phone.go(f"/households/{household}")
    expect(phone.page.get_by_test_id("household-page")).to_be_visible()
    stack.restart("web")
    phone.go("/me/sync")
    phone.page.get_by_test_id("sync-now").click()
    phone.expect_sent()
