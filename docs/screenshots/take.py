"""Takes every picture of docs/screens.md again: `python3 docs/screenshots/take.py [NAME …]`, NAME without `.png`.

Brings up a private stack with the demo under `var/screenshots/`, walks through the phone app and the office in Chromium
as people do, and writes the pictures beside this file. `--url http://localhost:8000` uses a running demo instead; the
walk leaves its records there. Needs Python 3.11+ only; what is missing is installed as `bin/test` installs it.
"""

import argparse
import os
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "bin"), str(REPOSITORY)]

from launch.browser import ensure_browser  # noqa: E402
from launch.environment import ensure_environment  # noqa: E402
from launch.paths import PYTHON, VAR, VENV  # noqa: E402
from launch.pwa import ensure_pwa  # noqa: E402
from launch.steps import LaunchError, say, step  # noqa: E402

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=zh-CN"]


def main() -> int:
    options = _options()
    try:
        ensure_environment(dev=True)
        if Path(sys.prefix).resolve() != VENV.resolve():
            os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])
        return _with_stack(options)
    except LaunchError as failure:
        say(f"✗ {failure.sentence}" + (f"（{failure.log}）" if failure.log else ""))
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--url", help="a running demo to use in place of a private stack")
    return parser.parse_args()


def _with_stack(options: argparse.Namespace) -> int:
    from launch.stack import Stack

    chromium = ensure_browser()
    if options.url:
        return _walk(chromium, options.url, options.names)
    ensure_pwa()
    stack = Stack(VAR / "screenshots", demo=True, durable=False).reset()
    try:
        with step("启动截图用的演示环境"):
            stack.start(seed=("seed_demo",))
        return _walk(chromium, stack.url, options.names)
    finally:
        stack.stop()


def _walk(chromium: Path, url: str, names: list[str]) -> int:
    from camera import Camera
    from playwright.sync_api import sync_playwright
    from scenes_office import walk_office
    from scenes_phone import walk_phone

    began = time.monotonic()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        camera = Camera(browser, url, names)
        if camera.wants("phone-"):
            camera.scene("手机端", lambda: walk_phone(camera))
        if camera.wants("office-"):
            walk_office(camera)
        browser.close()
    for fault in (*camera.faults, *(f"没有 {name} 这张图" for name in names if name not in camera.taken)):
        say(f"✗ {fault}")
    say(f"✓ {len(camera.taken)} 张，用时 {(time.monotonic() - began) / 60:.1f} 分")
    return 1 if camera.faults or set(names) - set(camera.taken) else 0


if __name__ == "__main__":
    sys.exit(main())
