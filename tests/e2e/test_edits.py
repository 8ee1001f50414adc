"""What is on record, changed at the door: sent alone, and chosen between where two people changed the same."""

import pytest
from playwright.sync_api import Page, expect

from launch.stack import Stack
from tests.api_client import Api
from tests.e2e.conftest import OpenPhone
from tests.e2e.records import households_of

pytestmark = pytest.mark.e2e


def stands(stack: Stack, household: str) -> dict:
    """The household as its worker is given it."""
    return next(row for row in households_of(Api(stack.url, "grid1")) if row["id"] == household)


def more_people(page: Page, household: str, count: int) -> None:
    """The form, `count` people more, saved."""
    page.goto(f"/households/{household}/edit")
    expect(page.get_by_test_id("household-edit")).to_be_visible()
    for _ in range(count):
        page.get_by_test_id("headcount").locator("xpath=following-sibling::button").click()
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("household-page")).to_be_visible()


def test_a_change_made_offline_is_shown_at_once_and_arrives_alone(stack: Stack, open_phone: OpenPhone) -> None:
    phone = open_phone("grid1")
    (household,) = phone.unvisited()
    before = stands(stack, household)
    phone.offline()
    more_people(phone.page, household, 1)
    expect(phone.page.get_by_test_id("edit-waiting")).to_be_visible()
    phone.go(f"/households/{household}/edit")
    expect(phone.page.get_by_test_id("headcount")).to_have_text(str(before["headcount"] + 1))
    phone.online()
    phone.expect_sent()
    after = stands(stack, household)
    assert after["headcount"] == before["headcount"] + 1
    same = ("address", "building", "unit", "door", "head", "occupancy", "care", "phone_known")
    assert {field: after[field] for field in same} == {field: before[field] for field in same}


@pytest.mark.parametrize(("side", "change"), [("mine", 2), ("theirs", 1)])
def test_who_comes_second_chooses(stack: Stack, open_phone: OpenPhone, side: str, change: int) -> None:
    phone = open_phone("grid1")
    (household,) = phone.unvisited()
    before = stands(stack, household)
    phone.offline()
    more_people(phone.page, household, 2)
    office = Api(stack.url, "village")
    edit = {"version": before["version"], "changes": {"headcount": before["headcount"] + 1}}
    answer = office.http.patch(f"households/{household}/", json=edit)
    assert answer.status_code == 200, answer.text
    phone.online()
    expect(phone.badge).to_have_attribute("data-needs-you", "1", timeout=60_000)
    phone.go("/me/sync")
    phone.page.get_by_test_id("conflict-row").click(timeout=60_000)
    field = phone.page.locator("[data-testid=conflict-field][data-field=headcount]")
    expect(field.get_by_test_id("choose-mine")).to_contain_text(str(before["headcount"] + 2))
    expect(field.get_by_test_id("choose-theirs")).to_contain_text(str(before["headcount"] + 1))
    field.get_by_test_id(f"choose-{side}").click()
    phone.offline()
    phone.page.get_by_test_id("save").click()
    phone.expect_waiting(1)
    expect(phone.badge).to_have_attribute("data-needs-you", "0")
    phone.online()
    phone.expect_sent()
    assert stands(stack, household)["headcount"] == before["headcount"] + change
