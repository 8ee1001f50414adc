"""The phone app in Chromium, in real time, through its screens; its processes can be killed, and it is opened again.

Only reading goes past the screens: the queue is looked at where it lies, in IndexedDB.
"""

import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.conformance.relay import Relay
from tests.e2e import stores

#: A phone at rest asks for nothing for so long; it never pauses that long between two requests of one sync.
REST_SECONDS = 0.6
#: A browser whose processes are killed may keep none in store: it would hand out a dead one.
NONE_IN_STORE = "--disable-features=SpareRendererForSitePerProcess"

_GO = "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate', { state: {} })) }"
_JUMP = """
(milliseconds) => {
  const Before = Date
  Date = class extends Before {
    constructor(...given) { given.length ? super(...given) : super(Before.now() + milliseconds) }
    static now() { return Before.now() + milliseconds }
  }
}
"""


class App:
    """One worker's phone, signed in, installed, its cell downloaded. All it asks for goes over `relay`."""

    def __init__(self, browser: Browser, relay: Relay, *, username: str, password: str):
        self._relay = relay
        self._clock = dt.timedelta()
        self.context = browser.new_context(
            base_url=relay.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
            locale="zh-CN", timezone_id="Asia/Shanghai",
        )  # fmt: skip
        self.page: Page = self.context.new_page()
        self.page.goto("/")
        self.page.get_by_test_id("login-username").fill(username)
        self.page.get_by_test_id("login-password").fill(password)
        self.page.get_by_test_id("login-submit").click()
        self.page.get_by_test_id("sync-badge").wait_for()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.page.reload()
        self.page.wait_for_function("navigator.serviceWorker.controller !== null")
        self.until(lambda: bool(self._rows("household")))
        self._rest()

    def close(self) -> None:
        faults = [str(fault) for fault in self.page.page_errors()]
        self.context.close()
        assert faults == []

    def go(self, path: str) -> None:
        """Within the running app, as its links do: a new start would forget what it waits for."""
        self.page.evaluate(_GO, path)

    def save_visit(self, household: str, outcome: str = "seen_well") -> str:
        """The form, filled and saved; the record's id."""
        known = {row["id"] for row in self.records()}
        self.go(f"/households/{household}/visit")
        self.page.get_by_test_id(f"outcome-{outcome}").click()
        self.page.get_by_test_id("save").click()
        expect(self.page.get_by_test_id("household-page")).to_be_visible()
        (made,) = {row["id"] for row in self.records()} - known
        return made

    def sync(self) -> None:
        """立即上报, and until the phone is at rest."""
        self.go("/me/sync")
        now = self.page.get_by_test_id("sync-now")
        now.wait_for()
        self.until(now.is_enabled)
        asked = len(self._relay.seen)
        now.click()
        self.until(lambda: len(self._relay.seen) > asked)
        self._rest()

    def until_delivered(self, visits: set[str]) -> None:
        """Syncs until these visits have come down: a pull tells of them once every older transaction has ended."""

        def there() -> bool:
            if visits <= {row["id"] for row in self._rows("visit")}:
                return True
            self.sync()
            return False

        self.until(there)

    def restart(self, *, rest: bool = True) -> None:
        """The app is started anew in its tab."""
        self.page.goto("/me/sync")
        self.page.get_by_test_id("sync-badge").wait_for()
        if rest:
            self._rest()

    def renderers(self) -> list[int]:
        """The processes that the phone's pages and its service worker run in."""
        assert self.context.browser is not None
        found = self.context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        listed = [each["id"] for each in found["processInfo"] if each["type"] == "renderer"]
        # The browser's own bars are drawn by such a process too; a phone's are not.
        return [each for each in listed if b"--top-chrome-webui" not in Path(f"/proc/{each}/cmdline").read_bytes()]

    def kill(self, renderers: Iterable[int]) -> None:
        """As when the system kills an app in the background: nothing of it is asked, nothing can be tidied up."""
        with self.page.expect_event("crash"):
            for process in renderers:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def reopen(self) -> None:
        """The app is opened again after its death."""
        dead, self.page = self.page, self.context.new_page()
        dead.close()
        self.restart()

    def set_clock(self, days: int) -> None:
        """The phone's clock jumps, while the app runs, to so many days off."""
        jump = dt.timedelta(days=days) - self._clock
        self._clock += jump
        self.page.evaluate(_JUMP, jump / dt.timedelta(milliseconds=1))

    def records(self) -> list[dict[str, Any]]:
        """What was made on this phone, in its own order."""
        return sorted(self._rows("outbox"), key=lambda row: row["seq"])

    def waiting(self) -> set[str]:
        return {row["id"] for row in self.records() if row["state"] in ("waiting", "sending")}

    def confirmed(self) -> set[str]:
        return {row["id"] for row in self.records() if row["state"] == "confirmed"}

    def until(self, condition: Callable[[], bool], *, seconds: float = 45) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self._what_lies_there()
            self.page.wait_for_timeout(150)

    def _rest(self) -> None:
        asked, since = -1, 0.0

        def quiet() -> bool:
            nonlocal asked, since
            if len(self._relay.seen) != asked:
                asked, since = len(self._relay.seen), time.monotonic()
            still = self._relay.idle and time.monotonic() - since >= REST_SECONDS
            return still and all(r["state"] != "sending" for r in self.records())

        self.until(quiet)

    def _what_lies_there(self) -> str:
        rows = [(row["kind"], row["id"], row["state"], row.get("code")) for row in self.records()]
        asked = [request.path for request in self._relay.seen[-12:]]
        return (
            f"it never came to pass; the queue: {rows}; asked last: {asked}; {self.page.locator('#app').inner_text()}"
        )

    def _rows(self, store: str) -> list[dict[str, Any]]:
        return stores.rows(self.page, store)
