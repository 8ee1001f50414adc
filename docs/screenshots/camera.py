"""A browser that signs in as somebody and takes pictures: `docs/screenshots/<name>.png`, small and of a fixed size."""

import base64
import json
import struct
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page

from launch.paths import VAR
from launch.steps import say
from tests.real_stack import PASSWORD

FOLDER = Path(__file__).resolve().parent
PHONE = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari",
}  # fmt: skip
DESK = {"viewport": {"width": 1440, "height": 900}, "device_scale_factor": 1}
CHINA = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
#: A list from IndexedDB is drawn by then; fonts and short transitions are waited for as long as they take.
SETTLE_MS = 150
SETTLED = """async () => {
  const short = (animation) => animation.effect.getComputedTiming().endTime < 1000;
  const moving = Promise.allSettled(document.getAnimations().filter(short).map((animation) => animation.finished));
  await Promise.race([Promise.all([document.fonts.ready, moving]), new Promise((done) => setTimeout(done, 2000))]);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
#: A busy machine is slow, not broken.
PATIENCE_MS = 45_000
MOST_BYTES = 150_000


class Camera:
    """`only`: names wanted (all when empty). Their whole walk is walked all the same: one scene leads to the next."""

    def __init__(self, browser: Browser, url: str, only: Collection[str] = ()) -> None:
        self.browser = browser
        self.url = url
        self.only = set(only)
        self.taken: list[str] = []
        self.faults: list[str] = []
        self._contexts: list[BrowserContext] = []
        self._lab = browser.new_page()
        self._reduce = (FOLDER / "palette.js").read_text()

    def phone(self, username: str = "", **settings: Any) -> Page:
        """A phone, signed in when a name is given and ready to work offline. `settings`: the app's own (theme, …)."""
        page = self._page(PHONE)
        if settings:
            page.add_init_script(
                "if (!localStorage.getItem('gridkeeper.settings'))"
                f" localStorage.setItem('gridkeeper.settings', {_as_js(settings)})"
            )
        page.goto("/")
        if username:
            page.get_by_test_id("login-username").fill(username)
            page.get_by_test_id("login-password").fill(PASSWORD)
            page.get_by_test_id("login-submit").click()
            page.get_by_test_id("sync-badge").wait_for()
            page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            page.get_by_test_id("first-sync").wait_for(state="hidden")
        return page

    def desk(self, username: str = "") -> Page:
        page = self._page(DESK)
        page.goto("/admin/")
        if username:
            page.locator("input[name=username]").fill(username)
            page.locator("input[name=password]").fill(PASSWORD)
            page.locator("form button[type=submit]").first.click()
            page.wait_for_url("**/admin/")
        return page

    def scene(self, name: str, play: Callable[[], object]) -> None:
        """Play a scene; one that breaks is a fault of the run, and the others are still played.

        What was on the screens then lies in `var/screenshots/broken-….png`.
        """
        try:
            play()
        except (Error, AssertionError) as failure:
            self.faults.append(f"{name}：{str(failure).strip().splitlines()[0]}")
            say(f"  ✗ {self.faults[-1]}")
            for number, page in enumerate(page for context in self._contexts for page in context.pages):
                page.screenshot(path=VAR / "screenshots" / f"broken-{name}-{number}.png")

    def wants(self, *starts: str) -> bool:
        """Whether a picture whose name starts so is wanted in this run."""
        return not self.only or any(name.startswith(starts) for name in self.only)

    def close(self, *pages: Page) -> None:
        for page in pages:
            page.context.close()
            self._contexts.remove(page.context)

    def take(self, page: Page, name: str) -> None:
        """Write `<name>.png` as the screen stands."""
        if self.only and name not in self.only:
            return
        page.wait_for_timeout(SETTLE_MS)
        page.evaluate(SETTLED)
        reduced = self._lab.evaluate(self._reduce, base64.b64encode(page.screenshot()).decode())
        picture = _png(reduced["width"], reduced["height"], reduced["palette"], base64.b64decode(reduced["pixels"]))
        (FOLDER / f"{name}.png").write_bytes(picture)
        if len(picture) > MOST_BYTES:
            self.faults.append(f"{name}.png 有 {len(picture) // 1000} kB，超过 {MOST_BYTES // 1000} kB")
        self.taken.append(name)
        say(f"  ✓ {name}.png  {len(picture) / 1000:.0f} kB")

    def _page(self, device: dict[str, Any]) -> Page:
        context = self.browser.new_context(base_url=self.url, **device, **CHINA)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return context.new_page()


def _as_js(settings: dict[str, Any]) -> str:
    return json.dumps(json.dumps(settings))


def _png(width: int, height: int, palette: list[int], pixels: bytes) -> bytes:
    """A palette PNG, 8 bits a pixel, rows unfiltered: flat areas of a screen pack best so."""
    rows = b"".join(b"\0" + pixels[y * width : (y + 1) * width] for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + b"".join((
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", bytes(palette)),
        _chunk(b"IDAT", zlib.compress(rows, 9)),
        _chunk(b"IEND", b""),
    ))  # fmt: skip


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
