"""The phone app behind the suite's interface: the built PWA in Chromium, through its screens.

Only reading goes past the screens: the queue and the cache are looked at where they lie, in IndexedDB; and what an
earlier version of the app left there has to be put there, for there is no screen of it any more. All scenarios share
one browser in which the app is installed; each begins with an empty one. The app's clock is ours to move on: what it
would wait for a while comes at once.
"""

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, expect

from tests.conformance.relay import Relay
from tests.e2e import stores
from tests.e2e.phone import Phone

#: How far the app's clock goes on between two looks, and how long we wait for it.
STEP_MS = 300
LOOK_MS = 40

_GO = """
(path) => {
  const state = { back: null, current: path, forward: null, position: (history.state?.position ?? 0) + 1 }
  history.pushState(state, '', path)
  dispatchEvent(new PopStateEvent('popstate', { state }))
}
"""
_BADGE = """
() => {
  const badge = document.querySelector('[data-testid=sync-badge]')
  return badge && { state: badge.dataset.state, runs: Number(badge.dataset.runs), busy: badge.ariaBusy === 'true' }
}
"""
#: Taps 立即上报 where it can be tapped: how many syncs had ended before.
_TAP_SYNC = """
() => {
  const button = document.querySelector('[data-testid=sync-now]')
  if (!button || button.disabled) return null
  button.click()
  return Number(document.querySelector('[data-testid=sync-badge]').dataset.runs)
}
"""
#: A clock `offset` milliseconds off, that `later(ms)` moves on: what was to happen meanwhile happens now. It goes on as
#: it was when the app is started again.
_CLOCK = """
{ const True = Date, wait = window.setTimeout, stop = window.clearTimeout, waiting = new Map()
  let ahead = %d
  try { ahead = Number(sessionStorage.getItem('ahead') ?? ahead) } catch { /* no page yet */ }
  Date = class extends True {
    constructor(...given) { given.length ? super(...given) : super(True.now() + ahead) }
    static now() { return True.now() + ahead }
  }
  window.setTimeout = (act, ms = 0, ...given) => {
    const id = wait(() => { waiting.delete(id); act(...given) }, ms)
    waiting.set(id, { at: Date.now() + ms, act: () => act(...given) })
    return id
  }
  window.clearTimeout = (id) => { waiting.delete(id); stop(id) }
  window.later = (ms) => {
    ahead += ms
    sessionStorage.setItem('ahead', ahead)
    for (const [id, { at, act }] of waiting) if (at <= Date.now()) { clearTimeout(id); act() }
  } }
"""


def install(context: BrowserContext) -> None:
    """The app's service worker, once for all scenarios in this browser."""
    page = context.new_page()
    page.goto("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.close()


class AppDriver:
    """See driver.Driver. `context` has the app installed, and nobody else uses it meanwhile."""

    def __init__(
        self, context: BrowserContext, relay: Relay, *, username: str, password: str, offset: dt.timedelta
    ) -> None:
        self._relay = relay
        self._password = password
        self._page = page = context.new_page()
        page.add_init_script(_CLOCK % (offset / dt.timedelta(milliseconds=1)))
        everything = {"origin": relay.url, "storageTypes": "cookies,indexeddb,local_storage"}
        context.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
        page.goto("/login")
        page.get_by_test_id("login-username").fill(username)
        self._give_password()
        self._wait(lambda: bool(self.cached("household")))
        self._rest(after=0)
        self.device = Phone(page, relay).device()

    def close(self) -> None:
        faults = [str(fault) for fault in self._page.page_errors()]
        self._page.close()
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

    def save_returnee(
        self, household: str, *, name: str, phone: str, document: str, schema: int = 0, **journey: str
    ) -> str:
        page, known = self._page, self._all()
        self._go(f"/returnees/new?household={household}")
        page.get_by_test_id("chosen-household").wait_for()
        page.get_by_test_id("name").fill(name)
        page.get_by_test_id("phone").fill(phone)
        page.get_by_test_id("document").fill(document)
        page.get_by_test_id("origin").select_option("42")
        page.get_by_test_id("save").click()
        record_id = self._new(known)
        if schema:
            # As an earlier version of the app has left it.
            made = next(record for record in self._rows("outbox") if record["id"] == record_id)
            stores.alter(page, "outbox", record_id, schema=schema, body=made["body"] | journey)
        return record_id

    def edit_door(self, household: str, door: str) -> str:
        page, known = self._page, self._all()
        self._go(f"/households/{household}/edit")
        page.get_by_test_id("door").fill(door)
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("household-page")).to_be_visible()
        return self._new(known)

    def mend_document(self, record_id: str, document: str) -> None:
        self._go(f"/me/sync/{record_id}")
        self._page.get_by_test_id("record-fix").click()
        self._page.get_by_test_id("document").fill(document)
        self._page.get_by_test_id("save").click()
        self._wait(lambda: record_id not in self.needs_you())

    def refer(self, record_id: str, *, note: str) -> str:
        page, known = self._page, self._all()
        self._go(f"/me/sync/{record_id}")
        page.get_by_test_id("record-refer").click()
        page.get_by_test_id("note").fill(note)
        page.get_by_test_id("refer-do").click()
        self._wait(lambda: bool(self._all() - known))
        (made,) = self._all() - known
        return made

    def choose(self, conflict: str, side: str) -> None:
        page, known = self._page, self._all()
        self._go(f"/me/sync/conflicts/{conflict}")
        choices = page.get_by_test_id(f"choose-{side}")
        choices.first.wait_for()
        for tap in choices.all():
            tap.click()
        page.get_by_test_id("save").click()
        self._wait(lambda: self._all() != known or conflict not in self.cached("conflict"))
        self.sync()

    def hand_over(self, household: str, to: str) -> str:
        page, known = self._page, self._all()
        self._go(f"/households/{household}/handover")
        page.get_by_test_id("handover-to").select_option(to)
        page.get_by_test_id("handover-reason-wrong_cell").click()
        page.get_by_test_id("save").click()
        page.locator(".van-dialog__confirm").click()
        expect(page.get_by_test_id("household-page")).to_be_visible()
        return self._new(known)

    def answer(self, handover: str, answer: str) -> str:
        page, known = self._page, self._all()
        if answer == "withdrawn":
            self._go(f"/households/{self._given(handover)}")
            page.get_by_test_id("handover-withdraw").click()
        else:
            self._go("/handovers")
            card = page.locator(f"[data-testid=incoming-row][data-handover='{handover}']")
            if answer == "declined":
                card.get_by_test_id("decline").click()
                card.get_by_test_id("decline-not_ours").click()
                card.get_by_test_id("decline-do").click()
            else:
                card.get_by_test_id("accept").click()
        if answer != "declined":
            page.locator(".van-dialog__confirm").click()
        return self._new(known)

    def _given(self, handover: str) -> str:
        """The household of an offer that was made here, whether it was sent or not."""
        return next(row["household"] for row in self._rows("outbox") if row["id"] == handover)

    def at_hand(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self._rows("household")}

    def close_days(self) -> bool:
        self._go("/me/sync/receipts")
        compare = self._page.get_by_test_id("compare")
        compare.click()
        expect(compare).to_be_enabled(timeout=30_000)
        return self._page.get_by_test_id("receipts-problem").count() == 0

    def closings(self) -> dict[str, dict[str, Any]]:
        return {row["day"]: row for row in self._rows("closings")}

    def carry_out(self) -> str:
        self._go("/me/sync/carry-out")
        with self._page.expect_download() as download:
            self._page.get_by_test_id("carry-file").click()
        return Path(download.value.path()).read_text(encoding="utf-8")

    def _all(self) -> set[str]:
        return {row["id"] for row in self._rows("outbox")}

    def _new(self, known: set[str]) -> str:
        self._wait(lambda: self._all() > known)
        (made,) = self._all() - known
        return made

    def _go(self, path: str) -> None:
        """Within the running app, as its links do: a new start would forget what it waits for."""
        self._page.evaluate(_GO, path)

    def sync(self) -> None:
        self._go("/me/sync")
        ended: list[int] = []

        def tapped() -> bool:
            # Not to be tapped while a sync runs, nor while the app asks for the password.
            before = self._page.evaluate(_TAP_SYNC)
            ended.extend([] if before is None else [before])
            return bool(ended) or self.asks_for_password()

        self._wait(tapped)
        for before in ended:
            self._rest(after=before)

    def restart(self) -> None:
        self._page.goto("/me/sync")
        self._rest(after=0)

    def _rest(self, *, after: int) -> None:
        """A sync beyond the first `after` has ended, and none runs."""

        def at_rest() -> bool:
            badge = self._page.evaluate(_BADGE)
            return bool(badge) and badge["runs"] > after and not badge["busy"] and self._relay.idle

        self._wait(at_rest)

    def until(self, condition: Callable[[], bool], *, seconds: float = 45) -> None:
        self._wait(condition, seconds=seconds, step=STEP_MS)

    def _wait(self, condition: Callable[[], bool], *, seconds: float = 45, step: int = 0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self._what_lies_there()
            # Never while an answer is awaited: the app would give it up.
            if step and self._relay.idle:
                self._page.evaluate("ms => later(ms)", step)
            self._page.wait_for_timeout(LOOK_MS)

    def _what_lies_there(self) -> str:
        rows = [(row["kind"], row["id"], row["state"], row.get("code")) for row in self._rows("outbox")]
        screen = self._page.locator("#app").inner_text()
        return f"it never came to pass; the queue: {rows}; {self._page.evaluate(_BADGE)}; the screen: {screen}"

    def waiting(self) -> set[str]:
        return {row["id"] for row in self._rows("outbox") if row["state"] in ("waiting", "sending")}

    def confirmed(self) -> set[str]:
        return {row["id"] for row in self._rows("outbox") if row["state"] == "confirmed"}

    def needs_you(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self._rows("outbox") if row["state"] == "needs-you"}

    def cached(self, kind: str) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self._rows(kind) if not row.get("pending")}

    def asks_for_password(self) -> bool:
        badge = self._page.evaluate(_BADGE)
        return bool(badge) and badge["state"] == "signed-out"

    def sign_in_again(self) -> None:
        self._go("/login")
        self._give_password()

    def _rows(self, store: str) -> list[dict[str, Any]]:
        return stores.rows(self._page, store)
