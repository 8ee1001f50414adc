"""Steps that several scenes of the phone take, and how its screens are set."""

from playwright.sync_api import Page, expect

BIG = {"bigType": True, "installDismissed": True}
DARK = {"theme": "dark", "installDismissed": True}
LIGHT = {"theme": "light", "installDismissed": True}
PASSPORT = "E60218835"


def today(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("household-row").first.wait_for()


def first_household(page: Page) -> str:
    today(page)
    return page.locator("[data-testid=household-row]:not(.done)").nth(4).get_attribute("data-household") or ""


def tab(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_test_id(f"tab-{name}").click()


def sent(page: Page) -> None:
    expect(page.get_by_test_id("sync-badge")).to_have_attribute("data-waiting", "0", timeout=30_000)


def fill_returnee(page: Page, name: str) -> None:
    page.goto("/returnees/new")
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("phone").fill("13800138000")
    page.get_by_test_id("document-type").select_option("passport")
    page.get_by_test_id("document").fill(PASSPORT)
    page.get_by_test_id("origin").select_option("31")
    page.get_by_test_id("origin-text").fill("浦东新区")
    page.get_by_test_id("transport-train").click()
    page.get_by_test_id("transport-number").fill("G1258")
    page.get_by_test_id("household-query").fill("10")
    page.get_by_test_id("household-option").first.click()


def fever(page: Page, temperature: str) -> None:
    page.goto(f"/households/{first_household(page)}/visit")
    page.get_by_test_id("outcome-seen_unwell").click()
    page.get_by_test_id("temperature").first.fill(temperature)
    page.get_by_test_id("save").click()
    page.wait_for_url(lambda url: "/visit" not in url)
    sent(page)
