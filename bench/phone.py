"""Phone: bytes of the first load, and a cold start from the cache, offline, with the processor slowed six times."""

import re
import statistics
import time

from _harness import Line, report
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from launch.browser import ensure_browser
from launch.paths import REPOSITORY, VAR
from launch.pwa import ensure_packages, ensure_pwa, run_npm
from launch.stack import Stack

STARTS = 7
SLOWED = 6
FIRST_LOAD_KB = 120
COLD_START_SECONDS = 1.5
PASSWORD = "gridkeeper-demo"
ROW = "[data-testid=household-row]"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def first_load() -> float:
    """kB, gzip, of the shell and today's list, as `npm run size` counts them."""
    log = VAR / "bench" / "size.log"
    log.unlink(missing_ok=True)
    try:
        run_npm(ensure_packages(), "run", "size", log=log)
    finally:
        text = log.read_text(encoding="utf-8") if log.exists() else ""
    found = re.search(r"([\d.]+) kB\s+first load", text)
    if found is None:
        raise SystemExit(f"npm run size said nothing of the first load:\n{text}")
    return float(found[1])


def installed(browser: Browser, url: str) -> BrowserContext:
    """A signed-in phone whose app and cell are on the device."""
    context = browser.new_context(base_url=url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto("/")
    page.get_by_test_id("login-username").fill("grid1")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.locator(ROW).first.wait_for(timeout=60_000)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.locator("[data-testid=sync-badge][data-state=done]").wait_for(timeout=60_000)
    page.reload()
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.close()
    return context


def cold_start(context: BrowserContext) -> float:
    """Seconds from opening the app to a row that can be tapped."""
    page = context.new_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    start = time.perf_counter()
    page.goto("/", wait_until="commit")
    page.locator(f"{ROW} [data-testid=all-well]").first.wait_for()
    seconds = time.perf_counter() - start
    page.close()
    return seconds


def cold_starts(url: str) -> list[float]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=ensure_browser(), args=FLAGS)
        context = installed(browser, url)
        context.set_offline(True)
        return [cold_start(context) for _ in range(STARTS + 1)][1:]


def main() -> None:
    ensure_pwa()
    size = first_load()
    stack = Stack(REPOSITORY / "var" / "bench" / "phone", demo=True).reset()
    try:
        stack.start(seed=("seed_demo",))
        starts = cold_starts(stack.url)
    finally:
        stack.stop()
    median = statistics.median(starts)
    report(
        "phone",
        [
            Line("first load, gzip", FIRST_LOAD_KB, size, "kB", 1.0, at_most=True),
            Line("cold start offline, slowed six times", COLD_START_SECONDS, median, "s", 1.0, at_most=True),
        ],
        starts=starts,
    )


if __name__ == "__main__":
    main()
