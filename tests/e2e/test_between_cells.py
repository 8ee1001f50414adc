"""移交 between two phones without network, and cells that are split and merged under a phone: a household ends in one
place, once, and nobody's visit is lost."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from launch.stack import Stack
from tests.api_client import Api
from tests.conformance import breaking
from tests.conformance.relay import PUSH, Relay
from tests.e2e.conftest import OpenOffice, OpenPhone
from tests.e2e.phone import Phone
from tests.e2e.records import households_of
from tests.e2e.test_phone import expect_one_more, visits_of
from tests.faults.scene import Scene

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
    giver, taker = open_phone("grid1"), open_phone("grid2")
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
    # He stands at the door already: it is in his list, and he writes down what he sees there.
    row.click()
    expect(taker.page.get_by_test_id("unconfirmed")).to_have_text("待确认")
    taker.go("/")
    expect(taker.row(household)).to_contain_text("待确认")
    taker.fever_visit(household, "36.6")
    taker.expect_waiting(2)

    taker.online()
    taker.expect_sent()
    expect_at(stack, household, grid1=0, grid2=1)
    expect_one_more(stack, household, before, "grid2")
    before = visits_of(stack, household, "grid2")
    fetched(taker, f"/households/{household}", "[data-testid=edit-household]")
    expect(taker.page.get_by_test_id("unconfirmed")).to_have_count(0)
    giver.online()
    giver.expect_sent()
    expect_one_more(stack, household, before, "grid2")

    fetched(giver, "/handovers", "[data-testid=handover-row][data-state=accepted][data-pending=false]")
    fetched(taker, f"/households/{household}", "[data-testid=household-page] :text('36.5')")


def split_off(desk: Page, cell: str, number: int, *, building: str, households: int) -> str:
    """拆分网格 on the cell's page: asked what goes along, and done; the new cell's code."""
    desk.goto(f"/admin/regions/region/{cell}/change/")
    desk.locator(".gk-deeds a", has_text="拆分网格").click()
    desk.locator("input[name=number]").fill(str(number))
    desk.locator("input[name=name]").fill(f"第{number}网格")
    for group in desk.get_by_label(f"{building}幢").all():
        group.check()
    desk.locator(".gk-submit button").click()
    expect(desk.locator(".gk-form")).to_contain_text(f"将转出 {households} 户住户")
    desk.locator("input[name=expected]").fill(str(households))
    desk.locator(".gk-submit button").click()
    made = f"{cell[:12]}{number:03d}"
    expect(desk).to_have_url(re.compile(f"/{made}/change/"))
    expect(desk.locator("body")).to_contain_text(f"{households} 户、0 名登记人员转到新网格")
    return made


def heard_of_while_unsent(phone: Phone, relay: Relay, path: str, selector: str) -> None:
    """`fetched`, while the one record that waits does not get through: the server stumbles over it."""
    relay.forget()
    with relay.meanwhile(PUSH, breaking.answering(breaking.refusal(500))):
        phone.online()
        fetched(phone, path, selector)
        assert relay.pushes
        phone.expect_waiting(1)


def test_a_cell_is_split_and_merged_back_under_a_worker_with_unsent_records(
    scene: Scene, open_phone: OpenPhone, open_office: OpenOffice
) -> None:
    """Mechanism: tombstones and the new scope reach the list, and no change of cells touches the queue."""
    worker, stay, go = scene.worker, scene.homes[:5], scene.homes[5:]
    for home in go:
        scene.world.do("edit", household=home, building="9")
    relay = scene.relay()
    phone, desk = open_phone(worker.username, line=relay), open_office("province")
    doors = phone.page.get_by_test_id("household-link")
    phone.go("/households")
    expect(doors).to_have_count(10)

    phone.offline()
    phone.fever_visit(go[0], "36.6")
    made = split_off(desk, worker.cell, scene.world.do("free_number"), building="9", households=5)
    heard_of_while_unsent(phone, relay, f"/households/{go[0]}", "text=手机里没有这户")
    phone.go("/households")
    expect(doors).to_have_count(5)
    phone.go("/me/sync")
    phone.page.get_by_test_id("sync-now").click()
    phone.expect_sent()

    phone.offline()
    phone.fever_visit(stay[0], "36.7")
    scene.world.do("merge", region=made, into=worker.cell)
    heard_of_while_unsent(phone, relay, f"/households/{go[0]}", "[data-testid=edit-household]")
    phone.go("/households")
    expect(doors).to_have_count(10)
    phone.go("/me/sync")
    phone.page.get_by_test_id("sync-now").click()
    phone.expect_sent()
    # Each once, in the cell in which its household lay when it arrived, and in that one's figures.
    rows = scene.world.do("stored", records=phone.made())
    assert [row["region"] for row in rows] == [made, worker.cell]
    assert [scene.world.do("figures", region=cell)["reached"] for cell in (made, worker.cell)] == [1, 1]
