"""移交: two phones without network, one household; it ends in one place, once, and nobody's visit is lost."""

import time

import pytest
from playwright.sync_api import Locator, Page, expect

from launch.stack import Stack
from tests.api_client import Api
from tests.e2e.conftest import OpenPhone
from tests.e2e.phone import Phone
from tests.e2e.records import households_of
from tests.e2e.test_phone import expect_one_more, visits_of

pytestmark = pytest.mark.e2e


def confirm(page: Page) -> None:
    page.locator(".van-dialog__confirm").click()


def fetched(phone: Phone, path: str, selector: str) -> Locator:
    """Uploads and downloads until `path` shows it: a pull tells of a change once every older transaction has ended."""
    until = time.monotonic() + 60
    while True:
        phone.go("/me/sync")
        with phone.page.expect_response(lambda answer: "/sync/pull/" in answer.url and answer.ok, timeout=60_000):
            phone.page.get_by_test_id("sync-now").click(timeout=60_000)
        phone.go(path)
        found = phone.page.locator(selector).first
        try:
            expect(found).to_be_visible(timeout=5_000)
        except AssertionError:
            if time.monotonic() > until:
                raise
        else:
            return found


def expect_at(stack: Stack, household: str, **times: int) -> None:
    """`expect_at(…, grid1=0, grid2=1)`: how often the household is among those that each worker is given."""
    until = time.monotonic() + 30
    while True:
        found = {
            username: sum(row["id"] == household for row in households_of(Api(stack.url, username)))
            for username in times
        }
        if found == times or time.monotonic() > until:
            break
        time.sleep(0.5)
    assert found == times


def test_a_household_goes_from_one_phone_without_network_to_another(stack: Stack, open_phone: OpenPhone) -> None:
    giver, taker = Phone(open_phone("grid1")), Phone(open_phone("grid2"))
    household = giver.unvisited(6)[5]
    target = Api(stack.url, "grid2").get("session/")["duties"][0]["region"]
    before = visits_of(stack, household, "grid1")
    giver.expect_sent()

    giver.offline()
    giver.go(f"/households/{household}")
    giver.page.get_by_test_id("hand-over").click()
    giver.page.get_by_test_id("handover-to").select_option(target)
    giver.page.get_by_test_id("handover-reason-wrong_cell").click()
    giver.page.get_by_test_id("save").click()
    confirm(giver.page)
    state = giver.page.get_by_test_id("handover-state")
    expect(state).to_contain_text("等待上报")
    giver.online()
    giver.expect_sent()
    delivered = fetched(giver, f"/households/{household}", "[data-testid=handover-state][data-pending=false]")
    expect(delivered).to_contain_text("签收，还剩 23 小时")

    fetched(taker, "/", "[data-testid=go-handovers]").click()
    expect(taker.page.get_by_test_id("incoming-row")).to_be_visible()
    giver.offline()
    giver.fever_visit(household, "36.5")
    giver.expect_waiting(1)
    taker.offline()
    taker.page.get_by_test_id("accept").click()
    confirm(taker.page)
    row = taker.page.get_by_test_id("handover-row")
    expect(row).to_have_attribute("data-state", "accepted")
    expect(row).to_have_attribute("data-pending", "true")
    expect_at(stack, household, grid1=1, grid2=0)

    taker.online()
    taker.expect_sent()
    expect_at(stack, household, grid1=0, grid2=1)
    giver.online()
    giver.expect_sent()
    expect_one_more(stack, household, before, "grid2")

    fetched(giver, "/handovers", "[data-testid=handover-row][data-state=accepted][data-pending=false]")
    fetched(taker, f"/households/{household}", "[data-testid=household-page] :text('36.5')")
