"""The phone app as tests speak of it: doors, forms, the queue. Names of elements are those of docs/phone.md."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Protocol

from playwright.sync_api import Locator, Page, expect

from tests.e2e import stores


class Line(Protocol):
    """What a phone reaches the stack over: a wire of its own, or a relay that tests put rules on."""

    url: str

    def cut(self) -> AbstractContextManager[None]:
        """No network while it lasts."""


class Phone:
    """`Phone(page, line)`: a signed-in phone, in one of its windows."""

    def __init__(self, page: Page, line: Line, cuts: ExitStack | None = None) -> None:
        self.page = page
        self.line = line
        self._cuts = cuts or ExitStack()

    @property
    def badge(self) -> Locator:
        return self.page.get_by_test_id("sync-badge")

    def go(self, path: str) -> None:
        self.page.goto(path)

    def another_window(self) -> "Phone":
        """The same phone, with or without network as it is."""
        return Phone(self.page.context.new_page(), self.line, self._cuts)

    def offline(self) -> None:
        """Nothing goes through, and the browser says so."""
        self._cuts.enter_context(self.line.cut())
        self.page.context.set_offline(True)

    def online(self) -> None:
        self._cuts.close()
        self.page.context.set_offline(False)

    def row(self, household: str) -> Locator:
        """The row of 今日 for one household."""
        return self.page.locator(f"[data-testid=household-row][data-household='{household}']")

    def unvisited(self, count: int = 1) -> list[str]:
        """The first `count` households of 今日 that are not visited yet."""
        rows = self.page.locator("[data-testid=household-row]:not(.done)")
        expect(rows.nth(count - 1)).to_be_attached(timeout=30_000)
        return [rows.nth(i).get_attribute("data-household") or "" for i in range(count)]

    def all_well(self, household: str) -> None:
        """都好, one tap; held back for ten seconds."""
        self.row(household).get_by_test_id("all-well").click()
        expect(self.row(household)).to_have_attribute("data-outcome", "seen_well")

    def fever_visit(self, household: str, temperature: str) -> None:
        """Somebody of the household has a fever: the form, saved."""
        self.go(f"/households/{household}/visit")
        self.page.get_by_test_id("outcome-seen_unwell").click()
        self.page.get_by_test_id("temperature").first.fill(temperature)
        self.page.get_by_test_id("save").click()
        expect(self.page.get_by_test_id("household-page")).to_be_visible()

    def expect_waiting(self, count: int) -> None:
        expect(self.badge).to_have_attribute("data-waiting", str(count))

    def expect_sent(self, *, seconds: float = 60) -> None:
        """Everything made on this phone is confirmed."""
        expect(self.badge).to_have_attribute("data-state", "done", timeout=seconds * 1000)

    def device(self) -> str:
        """The id this phone sends with its records."""
        return str(stores.of_device(self.page, "device"))

    def made(self) -> list[str]:
        """Ids of the records that this phone made and still knows, oldest first."""
        return [record["id"] for record in self.queue()]

    def queue(self) -> list[dict[str, Any]]:
        """Every record that this phone made and still knows, as it lies there, oldest first."""
        return stores.rows(self.page, "outbox", by="seq")

    def record_like_the_last(self, count: int, households: Sequence[str]) -> None:
        """So many visits more, written where the app writes them: copies of the last record with ids of their own.

        The app learns of them at its next start.
        """
        last, outcomes = self.queue()[-1], ("seen_well", "nobody_home", "refused")
        bodies = [
            {"household": households[n % len(households)], "outcome": outcomes[n % 3]} for n in range(1, count + 1)
        ]
        stores.queue_up(self.page, [{**last, **body, "body": body} for body in bodies])

    def databases(self) -> list[str]:
        return stores.databases(self.page)
