"""Phone: bytes of the first load, a cold start from the cache, search in 5,000 people, and the tap on 都好.

The last three offline, with the processor slowed six times, as a cheap phone is.
"""

import re
import statistics
import time

from _harness import Line, report
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from launch.browser import ensure_browser
from launch.paths import REPOSITORY, VAR
from launch.pwa import ensure_packages, ensure_pwa, run_npm
from launch.stack import Stack

STARTS = 7
SLOWED = 6
FIRST_LOAD_KB = 105
COLD_START_SECONDS = 1.5
KEYSTROKE_MS = 50
SAVED_MS = 100
PASSWORD = "gridkeeper-demo"
ROW = "[data-testid=household-row]"
WELL = f"{ROW} [data-testid=all-well]"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
#: A new tab of the browser on a desk loads pages of its own, which no phone does.
TAB_SETTLES_MS = 1500
PEOPLE = 5000
HOUSEHOLDS = 1700
QUERY = "王 12"

_FILL = """async ([households, people]) => {
  const names = (await indexedDB.databases()).map((each) => each.name)
  const name = names.find((each) => each.startsWith('gridkeeper-user-'))
  const db = await new Promise((resolve) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
  })
  const first = await new Promise((resolve) => {
    const request = db.transaction('household').objectStore('household').getAll(null, 1)
    request.onsuccess = () => resolve(request.result[0])
  })
  const change = db.transaction(['household', 'person'], 'readwrite')
  for (let n = 0; n < households; n += 1) {
    const building = String(100 + (n >> 5)), door = String(101 + (n % 32))
    const sort = `~${building}${door}`
    change.objectStore('household').put({ ...first, id: `bench-${n}`, building, unit: '1', door, sort })
  }
  for (let n = 0; n < people; n += 1) {
    change.objectStore('person').put({
      id: `bench-${n}`, household: `bench-${n % households}`, region: first.region, name: '王李张赵'[n % 4] + '*',
      purpose: ['key_group'], phone_last4: String(1000 + n), version: 1,
    })
  }
  await new Promise((resolve) => (change.oncomplete = resolve))
  db.close()
}"""

_TYPE = """async (query) => {
  const field = document.querySelector('[data-testid=household-search]')
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
    const after = new MessageChannel()
    after.port1.onmessage = resolve
    after.port2.postMessage(0)
  }))
  const took = []
  for (let end = 1; end <= query.length; end += 1) {
    await painted()
    const start = performance.now()
    field.value = query.slice(0, end)
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await Promise.resolve()
    document.querySelector('main').getBoundingClientRect()
    took.push(performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, 400))
  }
  return took
}"""

_TAP = """() => new Promise((resolve) => {
  const button = document.querySelector('[data-testid=all-well]')
  const row = button.closest('[data-testid=household-row]')
  const start = performance.now()
  new MutationObserver((_, watch) => {
    if (!row.dataset.outcome) return
    watch.disconnect()
    resolve(performance.now() - start)
  }).observe(row, { attributes: true })
  button.click()
})"""


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
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.close()
    return context


def slow_page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.wait_for_timeout(TAB_SETTLES_MS)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    return page


def cold_start(context: BrowserContext) -> float:
    """Seconds from opening the app to a row that can be tapped."""
    page = slow_page(context)
    start = time.perf_counter()
    page.goto("/", wait_until="commit")
    page.locator(WELL).first.wait_for()
    seconds = time.perf_counter() - start
    page.close()
    return seconds


def taps(context: BrowserContext) -> list[float]:
    """Milliseconds from the tap on 都好 to the row that says so, which it does when the record is on the disk."""
    page = slow_page(context)
    page.goto("/")
    page.locator(WELL).first.wait_for()
    page.wait_for_timeout(3000)
    took = []
    for _ in range(STARTS):
        took.append(page.evaluate(_TAP))
        page.wait_for_timeout(500)
    page.close()
    return took[1:]


def keystrokes(context: BrowserContext) -> list[float]:
    """Milliseconds of each keystroke of a search, with lay-out, among `PEOPLE`."""
    page = slow_page(context)
    page.goto("/households")
    page.get_by_test_id("household-link").first.wait_for()
    page.evaluate(_FILL, [HOUSEHOLDS, PEOPLE])
    page.reload()
    page.get_by_test_id("household-link").first.wait_for()
    page.wait_for_timeout(6000)
    page.evaluate(_TYPE, QUERY)
    took: list[float] = page.evaluate(_TYPE, QUERY)
    page.close()
    return took


def main() -> None:
    ensure_pwa()
    size = first_load()
    stack = Stack(REPOSITORY / "var" / "bench" / "phone", demo=True).reset()
    try:
        stack.start(seed=("seed_demo",))
        with sync_playwright() as driver:
            context = installed(driver.chromium.launch(executable_path=ensure_browser(), args=FLAGS), stack.url)
            context.set_offline(True)
            starts = [cold_start(context) for _ in range(STARTS + 1)][1:]
            saves = taps(context)
            keys = keystrokes(context)
    finally:
        stack.stop()
    median = statistics.median
    report(
        "phone",
        [
            Line("first load, gzip", FIRST_LOAD_KB, size, "kB", 1.0, at_most=True),
            Line("cold start offline, slowed six times", COLD_START_SECONDS, median(starts), "s", 1.0, at_most=True),
            Line("a keystroke in 5,000 people, slowed", KEYSTROKE_MS, median(keys), "ms", 1.0, at_most=True),
            Line("都好 to saved, slowed six times", SAVED_MS, median(saves), "ms", 1.0, at_most=True),
        ],
        starts=starts, keystrokes=keys, saves=saves,
    )  # fmt: skip


if __name__ == "__main__":
    main()
