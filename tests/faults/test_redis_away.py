"""Redis goes away: delay, never an error, never a lost alert."""

import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from launch.stack import Stack
from tests.faults.conftest import Phone

pytestmark = pytest.mark.faults


def test_a_hundred_fevers_without_redis(stack: Stack, phone: Callable[[str], Phone]) -> None:
    """All are created, none slower than 2 s, and every alert is on an open socket within 10 s of Redis' return."""
    worker = phone("grid1")
    cookie = "; ".join(f"{name}={value}" for name, value in worker.http.cookies.items())
    last = worker.get("alerts/", after=0, limit=1)["last_seq"]
    address = urlsplit(stack.url)
    taken = open_homes(worker)
    homes = [home for home in worker.households if home not in taken][:100]
    with connect(
        f"ws://{address.netloc}/ws/alerts/?after={last}", origin=stack.url, additional_headers={"Cookie": cookie}
    ) as socket:
        stack.halt("valkey")
        slowest = 0.0
        for home in homes:
            start = time.monotonic()
            answer = worker.push(worker.visit(home, temperature=38.4))
            slowest = max(slowest, time.monotonic() - start)
            assert answer.status_code == 200, answer.text
            assert answer.json()["results"][0]["verdict"] == "created"
        assert slowest < 2
        stack.restart("valkey")
        returned = time.monotonic()
        seen: set[str] = set()
        raised = {alert["household"] for alert in alerts_in(worker, "open") if alert.get("household") in homes}
        assert raised == set(homes)
        while len(seen) < len(homes):
            frame = json.loads(socket.recv(timeout=max(0.1, returned + 10 - time.monotonic())))
            if frame["type"] == "event" and frame["event"]["type"] == "raised":
                assert frame["event"]["alert"] not in seen
                seen.add(frame["event"]["alert"])
        assert time.monotonic() - returned < 10


def alerts_in(worker: Phone, state: str) -> list[dict]:
    """Every alert of the worker's cell in that state."""
    found: list[dict] = []
    after = 0
    while True:
        page = worker.get("alerts/", after=after, state=state, limit=200)
        found += page["alerts"]
        after = page["last_seq"]
        if not page["more"]:
            return found


def open_homes(worker: Phone) -> set[str]:
    """Households with an alert that is not closed: another fever there is the same concern."""
    return {alert.get("household") for state in ("open", "acknowledged") for alert in alerts_in(worker, state)}
