"""The phone alone with its network: what it saves stays, goes up once, and is gone when its user goes."""

import random
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from launch.stack import Stack
from tests.api_client import Api
from tests.conformance import breaking
from tests.conformance.relay import PUSH, Relay, Reply, Request
from tests.e2e.conftest import OpenPhone

pytestmark = pytest.mark.e2e
HOLD_SECONDS = 10


def visits_of(stack: Stack, household: str, username: str = "grid1") -> set[str]:
    """Ids of the visits that the server holds of one household in this worker's cell."""
    api, cursor, ids = Api(stack.url, username), "", set()
    while True:
        page = api.get("sync/pull/", cursor=cursor, limit=2000)
        ids |= {
            c["id"]
            for c in page["changes"]
            if c["kind"] == "visit" and c["op"] == "put" and c["data"]["household"] == household
        }
        if not page["more"]:
            return ids
        cursor = page["cursor"]


def expect_one_more(stack: Stack, household: str, before: set[str], username: str = "grid1") -> None:
    """Exactly one visit came. A pull shows it once every older transaction has ended, which may take a moment."""
    until = time.monotonic() + 30
    while not visits_of(stack, household, username) - before and time.monotonic() < until:
        time.sleep(0.5)
    assert len(visits_of(stack, household, username) - before) == 1


def test_a_day_without_network_goes_up_once(stack: Stack, open_phone: OpenPhone) -> None:
    phone = open_phone("grid1")
    first, second, third = phone.unvisited(3)
    before = {each: visits_of(stack, each) for each in (first, second, third)}
    phone.offline()
    with pytest.raises(httpx.TransportError):
        httpx.get(phone.line.url)
    phone.page.reload()
    phone.row(first).get_by_test_id("all-well").dblclick()
    phone.all_well(second)
    phone.expect_waiting(2)
    phone.fever_visit(third, "38.4")
    phone.expect_waiting(3)
    phone.page.reload()
    phone.expect_waiting(3)
    phone.online()
    phone.expect_sent()
    for each in (first, second, third):
        expect_one_more(stack, each, before[each])


def test_a_tap_can_be_taken_back_before_anything_is_sent(stack: Stack, open_phone: OpenPhone) -> None:
    phone = open_phone("grid1")
    (household,) = phone.unvisited()
    before = visits_of(stack, household)
    phone.all_well(household)
    phone.expect_waiting(1)
    phone.page.get_by_test_id("undo").click()
    expect(phone.row(household).get_by_test_id("all-well")).to_be_visible()
    phone.expect_sent()
    time.sleep(HOLD_SECONDS + 1)
    assert visits_of(stack, household) == before


def test_the_other_outcomes_are_a_tap_or_a_long_press_away(open_phone: OpenPhone) -> None:
    phone = open_phone("grid1")
    (household,) = phone.unvisited()
    phone.row(household).get_by_test_id("more-outcomes").click()
    phone.page.get_by_test_id("outcome-nobody_home").click()
    expect(phone.row(household)).to_have_attribute("data-outcome", "nobody_home")
    phone.page.get_by_test_id("undo").click()

    box = phone.row(household).bounding_box()
    assert box is not None
    phone.page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    phone.page.mouse.down()
    phone.page.wait_for_timeout(700)
    phone.page.mouse.up()
    expect(phone.page.get_by_test_id("outcome-refused")).to_be_visible()


def test_a_half_typed_form_survives_the_death_of_its_tab(open_phone: OpenPhone) -> None:
    phone = open_phone("grid1")
    (household,) = phone.unvisited()
    phone.go(f"/households/{household}/visit")
    phone.page.get_by_test_id("outcome-seen_unwell").click()
    phone.page.get_by_test_id("temperature").first.fill("37.9")
    phone.page.wait_for_timeout(600)
    again = phone.another_window()
    phone.page.close()
    again.go(f"/households/{household}/visit")
    expect(again.page.get_by_test_id("draft-restored")).to_be_visible()
    expect(again.page.get_by_test_id("temperature").first).to_have_value("37.9")


def test_a_captive_portal_is_no_answer(stack: Stack, relay: Relay, open_phone: OpenPhone) -> None:
    phone = open_phone("grid1", line=relay)
    (household,) = phone.unvisited()
    before = visits_of(stack, household)
    with relay.meanwhile(PUSH, breaking.portal()):
        phone.fever_visit(household, "38.0")
        phone.page.wait_for_timeout(1500)
        assert relay.pushes
        phone.expect_waiting(1)
    phone.go("/me/sync")
    phone.page.get_by_test_id("sync-now").click()
    phone.expect_sent()
    expect_one_more(stack, household, before)


def test_what_is_sent_back_can_be_corrected(stack: Stack, relay: Relay, open_phone: OpenPhone) -> None:
    phone = open_phone("grid1", line=relay)
    (household,) = phone.unvisited()
    before = visits_of(stack, household)
    reason = "找不到这户，请核对。"

    def refuse(request: Request, _pass_on: Callable[[], Reply]) -> Reply:
        refused = {"verdict": "rejected", "code": "unknown_household", "message": reason}
        results = [{"id": each, **refused} for each in request.ids]
        return Reply.of_json(200, {"results": results, "server_time": "2026-01-01T00:00:00Z", "skew_seconds": 0})

    with relay.meanwhile(PUSH, refuse):
        phone.fever_visit(household, "38.1")
        expect(phone.badge).to_have_attribute("data-needs-you", "1")
    phone.badge.click()
    phone.page.get_by_test_id("inbox-row").click()
    expect(phone.page.get_by_test_id("record-reason")).to_have_text(reason)
    phone.page.get_by_test_id("record-fix").click()
    expect(phone.page.get_by_test_id("temperature").first).to_have_value("38.1")
    phone.page.get_by_test_id("temperature").first.fill("38.2")
    phone.page.get_by_test_id("save").click()
    phone.expect_sent()
    expect_one_more(stack, household, before)


def test_signing_out_waits_for_the_queue_and_leaves_nothing(open_phone: OpenPhone) -> None:
    phone = open_phone("grid2")
    (household,) = phone.unvisited()
    phone.offline()
    phone.fever_visit(household, "36.5")
    phone.go("/me")
    phone.page.get_by_test_id("sign-out").click()
    expect(phone.page.get_by_test_id("leave-truth")).to_contain_text("还有 1 条记录没有上报")
    expect(phone.page.get_by_test_id("leave-locked")).to_be_visible()
    phone.online()
    phone.expect_sent()
    phone.page.get_by_test_id("leave-now").click()
    expect(phone.page.get_by_test_id("login-username")).to_be_visible()
    assert [name for name in phone.databases() if name.startswith("gridkeeper-user-")] == []
    phone.go("/")
    expect(phone.page.get_by_test_id("login-username")).to_be_visible()


def test_two_tabs_make_one_upload(stack: Stack, open_phone: OpenPhone) -> None:
    phone = open_phone("grid1")
    other = phone.another_window()
    other.go("/")
    (household,) = phone.unvisited()
    before = visits_of(stack, household)
    phone.offline()
    phone.fever_visit(household, "36.6")
    other.expect_waiting(1)
    phone.online()
    phone.expect_sent()
    other.expect_sent()
    expect_one_more(stack, household, before)


def a_document() -> str:
    """An identity number nobody has registered, with the right check digit (GB 11643)."""
    first = f"110105{random.randint(1950, 2000)}0101{random.randint(0, 999):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(w * int(d) for w, d in zip(weights, first, strict=True)) % 11]


def test_a_returnee_is_registered_and_has_a_code_with_a_reason(stack: Stack, open_phone: OpenPhone) -> None:
    phone = open_phone("grid1")
    page = phone.page
    (household,) = phone.unvisited()
    phone.go(f"/returnees/new?household={household}")
    expect(page.get_by_test_id("chosen-household")).to_be_visible()
    page.get_by_test_id("name").fill("试登记")
    page.get_by_test_id("phone").fill("13800138000")
    document = a_document()
    page.get_by_test_id("document").fill(document[:-1] + ("1" if document[-1] != "1" else "2"))
    page.get_by_test_id("origin").select_option("42")
    page.get_by_test_id("save").click()
    expect(page.get_by_text("身份证号校验不对，请逐位核对。")).to_be_visible()
    page.get_by_test_id("document").fill(document)
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("say")).to_be_visible()
    phone.go(f"/households/{household}")
    person = page.get_by_test_id("person-row").filter(has_text="试*")
    expect(person).to_be_visible()
    phone.expect_sent()
    person.click()
    expect(page.get_by_test_id("person-code")).to_have_attribute("data-colour", "yellow", timeout=60_000)
    page.get_by_test_id("why-toggle").click()
    expect(page.get_by_test_id("why")).to_be_visible()
