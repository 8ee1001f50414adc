"""For everybody's hands and eyes: the keyboard alone, names on all that can be pressed, words instead of codes."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import OpenOffice, OpenPhone
from tests.e2e.phone import Phone
from tests.e2e.wire import Wire
from tests.real_stack import PASSWORD

pytestmark = pytest.mark.e2e
PHONE_SCREENS = (
    "/", "/households", "/households/new", "/checks", "/returnees/new", "/alerts", "/report", "/me", "/me/sync",
    "/me/devices", "/me/password",
)  # fmt: skip
OFFICE_SCREENS = (
    "", "alerts/alert/", "day/", "returnees/returnee/", "returnees/returnee/do/new/", "health/monitoring/",
    "health/codestatus/", "residents/household/", "residents/person/", "visits/visit/", "health/dailycheck/",
    "regions/region/", "accounts/user/", "accounts/device/", "policies/policyrule/", "audit/auditentry/", "find/",
    "password_change/", "day/?view=all", "accounts/duty/", "accounts/user/do/new/", "regions/region/do/import/",
    "reports/outboxfile/", "reports/exemption/", "reports/exemption/do/grant/", "residents/household/do/new/",
    "phones/",
)  # fmt: skip
#: What a person reads is never one of these: an unfilled template, a database value, a code with an underscore.
RAW = re.compile(r"\b(undefined|null|NaN|None|True|False)\b|\{\{|\b[a-z]+_[a-z_]+\b|\b\d{15}\b")

#: Faults of a page, as sentences; with `thumbs`, also what a thumb misses.
LOOK = (Path(__file__).parent / "look.js").read_text()


def test_every_screen_of_the_phone_is_named_and_in_words(open_phone: OpenPhone) -> None:
    page = open_phone("village").page
    faults = []
    for path in PHONE_SCREENS:
        page.goto(path)
        page.get_by_test_id("sync-badge").wait_for()
        page.wait_for_timeout(400)
        faults += [f"{path}: {fault}" for fault in page.evaluate(LOOK, {"thumbs": True})]
        faults += [f"{path}: {found.group()}" for found in RAW.finditer(page.inner_text("body"))]
    assert faults == []


def test_every_screen_of_the_office_is_named_and_in_words(open_office: OpenOffice) -> None:
    page = open_office("town")
    faults = []
    for path in OFFICE_SCREENS:
        page.goto(f"/admin/{path}")
        page.wait_for_timeout(300)
        faults += [f"{path}: {fault}" for fault in page.evaluate(LOOK, {"thumbs": False})]
        # Region codes are shown where regions are kept, user names where users are.
        page.evaluate("document.querySelectorAll('.material-symbols-outlined').forEach((icon) => icon.remove())")
        words = page.inner_text("#content" if page.locator("#content").count() else "body")
        if not path.startswith(("regions/", "accounts/")):
            faults += [f"{path}: {found.group()}" for found in RAW.finditer(words)]
    assert faults == []


def test_nothing_is_wider_than_a_small_phone(open_phone: OpenPhone) -> None:
    page = open_phone("grid1").page
    page.set_viewport_size({"width": 320, "height": 640})
    wide = []
    for settings in ({"bigType": True}, {"locale": "ko"}, {"locale": "en"}):
        page.evaluate("(next) => localStorage.setItem('gridkeeper.settings', JSON.stringify(next))", settings)
        for path in PHONE_SCREENS:
            page.goto(path)
            page.get_by_test_id("sync-badge").wait_for()
            page.wait_for_timeout(150)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 321:
                wide.append(f"{settings} {path}: {width}")
    assert wide == []


def tab_to(page: Page, wanted: str, *, most: int = 60) -> None:
    """Press Tab until the element with this test id has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.dataset?.testid") == wanted:
            return
    raise AssertionError(f"{wanted} is not reached by the keyboard")


def test_signing_in_and_a_visit_without_a_mouse(browser: Browser, wire: Wire, contexts: list[BrowserContext]) -> None:
    context = browser.new_context(base_url=wire.url, locale="zh-CN", timezone_id="Asia/Shanghai")
    contexts.append(context)
    page = context.new_page()
    page.goto("/")
    page.get_by_test_id("login-username").wait_for()
    tab_to(page, "login-username")
    page.keyboard.type("grid2")
    tab_to(page, "login-password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_test_id("household-row").first.wait_for()
    phone = Phone(page, wire)
    (household,) = phone.unvisited()
    phone.go(f"/households/{household}/visit")
    page.get_by_test_id("outcome-seen_unwell").wait_for()
    tab_to(page, "outcome-seen_unwell")
    page.keyboard.press("Space")
    tab_to(page, "temperature")
    page.keyboard.type("36.9")
    tab_to(page, "symptom-fatigue")
    page.keyboard.press("Space")
    tab_to(page, "save")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("household-page")).to_be_visible()
    phone.expect_sent()
