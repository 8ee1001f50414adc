"""Is the web process well? Asked over HTTP as a client would."""

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from launch.steps import LaunchError


def is_healthy(url: str, timeout: float = 2.0) -> bool:
    """`GET /healthz` answers 200. Our own certificate names another host than loopback, so it is not verified."""
    context = ssl._create_unverified_context() if url.startswith("https:") else None
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else [])
    )
    try:
        with opener.open(f"{url}/healthz", timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def wait_healthy(url: str, *, seconds: float, is_alive: Callable[[], bool]) -> None:
    """Until healthy; LaunchError when the process ended or the time is over."""
    deadline = time.monotonic() + seconds
    while not is_healthy(url):
        if not is_alive():
            raise LaunchError("网页服务启动后退出了。")
        if time.monotonic() > deadline:
            raise LaunchError(f"网页服务在 {seconds:.0f} 秒内没有就绪（{url}/healthz）。")
        time.sleep(0.1)
