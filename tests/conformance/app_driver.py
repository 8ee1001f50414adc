"""The phone app behind the suite's interface: the built PWA in Chromium, through its screens.

Only reading goes past the screens: the queue and the cache are looked at where they lie, in IndexedDB.
"""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, expect

from tests.conformance.relay import Relay
from tests.e2e.phone import Phone

#: A phone at rest asks for nothing for so long; it never pauses that long between two requests of one sync.
REST_SECONDS = 0.6

_ROWS = """
async ([store]) => {
  const names = (await indexedDB.databases()).map((each) => each.name)
  const name = names.find((each) => each.startsWith('gridkeeper-user-'))
  if (!name) return []
  return new Promise((done, failed) => {
    const opening = indexedDB.open(name)
    opening.onerror = failed
    opening.onsuccess = () => {
      const ask = opening.result.transaction(store).objectStore(store).getAll()
      ask.onsuccess = () => { done(ask.result); opening.result.close() }
    }
  })
}
"""
_GO = "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate', { state: {} })) }"
#: A phone whose clock is `offset` milliseconds off, in every page and from the first script on.
_CLOCK = """
{ const True = Date, offset = %d
  Date = class extends True {
    constructor(...given) { given.length ? super(...given) : super(True.now() + offset) }
    static now() { return True.now() + offset }
  } }
"""


class AppDriver:
    """See driver.Driver."""

    def __init__(self, browser: Browser, relay: Relay, *, username: str, password: str, offset: dt.timedelta):
        self._relay = relay
        self._password = password
        self._context = browser.new_context(
            base_url=relay.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
            locale="zh-CN", timezone_id="Asia/Shanghai",
        )  # fmt: skip
        if offset:
            self._context.add_init_script(_CLOCK % (offset / dt.timedelta(milliseconds=1)))
        self._page = self._context.new_page()
        self._page.goto("/")
        self._page.get_by_test_id("login-username").fill(username)
        self._give_password()
        self._page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self._page.reload()
        self._page.wait_for_function("navigator.serviceWorker.controller !== null")
        self.until(lambda: bool(self.cached("household")))
        self._rest()
        self.device = Phone(self._page).device()

    def close(self) -> None:
        faults = [str(fault) for fault in self._page.page_errors()]
        self._context.close()
        assert faults == []

    def _give_password(self) -> None:
        self._page.get_by_test_id("login-password").fill(self._password)
        self._page.get_by_test_id("login-submit").click()
        self._page.get_by_test_id("sync-badge").wait_for()

    def save_visit(self, household: str, outcome: str = "seen_well", *, temperature: str = "", note: str = "") -> str:
        page, known = self._page, self._all()
        self._go(f"/households/{household}/visit")
        page.get_by_test_id(f"outcome-{outcome}").click()
        if temperature:
            page.get_by_test_id("temperature").first.fill(temperature)
        if note:
            page.get_by_test_id("note").fill(note)
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("household-page")).to_be_visible()
        return self._new(known)

    def save_returnee(self, household: str, *, name: str, phone: str, document: str) -> str:
        page, known = self._page, self._all()
        self._go(f"/returnees/new?household={household}")
        page.get_by_test_id("chosen-household").wait_for()
        page.get_by_test_id("name").fill(name)
        page.get_by_test_id("phone").fill(phone)
        page.get_by_test_id("document").fill(document)
        page.get_by_test_id("origin").select_option("42")
        page.get_by_test_id("save").click()
        return self._new(known)

    def mend_document(self, record_id: str, document: str) -> None:
        self._page.goto(f"/me/sync/{record_id}")
        self._page.get_by_test_id("record-fix").click()
        self._page.get_by_test_id("document").fill(document)
        self._page.get_by_test_id("save").click()
        self.until(lambda: record_id not in self.needs_you())
        self._rest()

    def _all(self) -> set[str]:
        return {row["id"] for row in self._rows("outbox")}

    def _new(self, known: set[str]) -> str:
        self.until(lambda: self._all() > known)
        (made,) = self._all() - known
        return made

    def _go(self, path: str) -> None:
        """Within the running app, as its links do: a new start would forget what it waits for."""
        self._page.evaluate(_GO, path)

    def sync(self) -> None:
        self._go("/me/sync")
        now = self._page.get_by_test_id("sync-now")
        now.wait_for()
        # Not to be tapped while a sync runs, nor while the app asks for the password.
        self.until(lambda: now.is_enabled() or self.asks_for_password())
        if now.is_enabled():
            asked = self._relay.count
            now.click()
            self.until(lambda: self._relay.count > asked)
        self._rest()

    def restart(self) -> None:
        self._page.goto("/me/sync")
        self._page.get_by_test_id("sync-badge").wait_for()
        self._rest()

    def _rest(self) -> None:
        self.until(lambda: self._relay.quiet(REST_SECONDS) and "sending" not in self._states())

    def until(self, condition: Callable[[], bool], *, seconds: float = 45) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self._what_lies_there()
            self._page.wait_for_timeout(150)

    def _what_lies_there(self) -> str:
        rows = [(row["kind"], row["id"], row["state"], row.get("code")) for row in self._rows("outbox")]
        screen = self._page.locator("#app").inner_text()
        return f"it never came to pass; the queue: {rows}; the badge: {self._badge()}; the screen: {screen}"

    def waiting(self) -> set[str]:
        return {row["id"] for row in self._rows("outbox") if row["state"] in ("waiting", "sending")}

    def confirmed(self) -> set[str]:
        return {row["id"] for row in self._rows("outbox") if row["state"] == "confirmed"}

    def needs_you(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self._rows("outbox") if row["state"] == "needs-you"}

    def cached(self, kind: str) -> set[str]:
        return {row["id"] for row in self._rows(kind) if not row.get("pending")}

    def asks_for_password(self) -> bool:
        return self._badge() == "signed-out"

    def _badge(self) -> str | None:
        return self._page.get_by_test_id("sync-badge").get_attribute("data-state")

    def sign_in_again(self) -> None:
        self._go("/login")
        self._give_password()
        self._rest()

    def _states(self) -> set[str]:
        return {row["state"] for row in self._rows("outbox")}

    def _rows(self, store: str) -> list[dict[str, Any]]:
        return self._page.evaluate(_ROWS, [store])
