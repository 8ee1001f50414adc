"""A real stack with the demo in it, and a real browser."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from launch.stack import Stack
from tests.conformance.relay import Relay
from tests.e2e.phone import Line, Phone
from tests.e2e.wire import Wire
from tests.faults.conftest import scene, session_world
from tests.real_stack import PASSWORD

__all__ = ["scene", "session_world"]

#: Found, or installed, by bin/test.
CHROMIUM = os.environ.get("GRIDKEEPER_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--lang=zh-CN",
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_folders() -> None:
    """In place of the fixture of the same name for Django: the stack under test has folders of its own."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless; gone with its module, or the driver's loop would stand in the way of asynchronous tests."""
    # Playwright's synchronous driver runs an event loop in this thread, which Django's guard would take for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


OpenPhone = Callable[..., Phone]
OpenOffice = Callable[[str], Page]


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Windows of a test; a fault that a page of theirs does not catch fails the test at its end."""
    opened: list[BrowserContext] = []
    yield opened
    faults = [str(fault) for context in opened for page in context.pages for fault in page.page_errors()]
    for context in opened:
        context.close()
    assert faults == []


@pytest.fixture
def wires(stack: Stack) -> Iterator[Callable[[], Wire]]:
    """`wires()` → a wire to the stack, for one phone."""
    strung: list[Wire] = []

    def string() -> Wire:
        strung.append(Wire(urlsplit(stack.url).port or 80).start())
        return strung[-1]

    yield string
    for wire in strung:
        wire.stop()


@pytest.fixture
def wire(wires: Callable[[], Wire]) -> Wire:
    return wires()


@pytest.fixture
def relay(stack: Stack) -> Iterator[Relay]:
    """A line to the stack whose answers tests may change; sockets do not pass."""
    made = Relay(stack.url).start()
    yield made
    made.stop()


@pytest.fixture
def open_phone(browser: Browser, wires: Callable[[], Wire], contexts: list[BrowserContext]) -> OpenPhone:
    """`open_phone("grid1")` → a signed-in phone, 390×844 with touch, its app installed for working offline.

    It reaches the stack over a wire of its own, or over `line`. With the folder `profile` it has a storage of its own
    on the disk, and with it a limit that holds. `in_use`: the disk is that of a phone that was signed in and is closed;
    the page is empty yet.
    """

    def open_it(username: str, *, line: Line | None = None, profile: Path | None = None, in_use: bool = False) -> Phone:
        line = line or wires()
        phone: dict[str, Any] = {
            "base_url": line.url, "viewport": {"width": 390, "height": 844}, "has_touch": True,
            "is_mobile": True, "device_scale_factor": 2, "locale": "zh-CN", "timezone_id": "Asia/Shanghai",
        }  # fmt: skip
        if profile is None:
            context = browser.new_context(**phone)
        else:
            context = browser.browser_type.launch_persistent_context(
                profile, executable_path=CHROMIUM, args=FLAGS, **phone
            )
        contexts.append(context)
        page = context.new_page()
        if in_use:
            return Phone(page, line)
        page.goto("/")
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        page.get_by_test_id("sync-badge").wait_for()
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.reload()
        page.get_by_test_id("sync-badge").wait_for()
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        return Phone(page, line)

    return open_it


@pytest.fixture
def open_office(browser: Browser, stack: Stack, contexts: list[BrowserContext]) -> OpenOffice:
    """`open_office("town")` → a signed-in desk, 1440×900, on the admin's first page."""

    def open_it(username: str) -> Page:
        context = browser.new_context(
            base_url=stack.url, viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        contexts.append(context)
        page = context.new_page()
        page.goto("/admin/")
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("form button[type=submit], form input[type=submit]").first.click()
        page.wait_for_url("**/admin/**")
        return page

    return open_it
