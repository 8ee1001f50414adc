"""Phones that speak the protocol to the real stack, for breaking it under them."""

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from uuid_utils.compat import uuid7

from launch.stack import Stack
from tests.api_client import Api
from tests.conformance.world import World
from tests.faults.scene import Scene


@pytest.fixture(autouse=True)
def own_folders() -> None:
    """In place of the fixture of the same name for Django: the stack under test has folders of its own."""


class Phone(Api):
    """A worker's phone: its households, and pushes of visits."""

    def __init__(self, url: str, username: str) -> None:
        super().__init__(url, username)
        self.device = str(uuid.uuid4())
        self.seq = 0
        self.households = self._households()

    def _households(self) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = self.get("sync/pull/", cursor=cursor, limit=2000)
            found += [c["id"] for c in page["changes"] if c["kind"] == "household" and c["op"] == "put"]
            cursor = page["cursor"]
            if not page["more"]:
                return found

    def visit(self, household: str, *, temperature: float | None = None) -> dict[str, Any]:
        """A visit item of now."""
        self.seq += 1
        body: dict[str, Any] = {"household": household, "outcome": "seen_unwell" if temperature else "seen_well"}
        if temperature:
            body["people"] = [{"temperature": temperature}]
        now = dt.datetime.now(dt.UTC).isoformat()
        return {
            "id": str(uuid7()), "kind": "visit", "schema": 1, "seq": self.seq, "observed_at": now, "body": body,
        }  # fmt: skip

    def push(self, *items: dict[str, Any]) -> httpx.Response:
        now = dt.datetime.now(dt.UTC).isoformat()
        envelope = {"device": self.device, "api_level": 1, "sent_at": now, "items": list(items)}
        return self.http.post("sync/push/", json=envelope)

    def push_until_answered(self, *items: dict[str, Any], tries: int = 60) -> list[str]:
        """As a phone does: the same ids again until an answer of the right shape comes; returns the verdicts."""
        for _ in range(tries):
            try:
                answer = self.push(*items)
                if answer.status_code == 200:
                    return [result["verdict"] for result in answer.json()["results"]]
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        raise AssertionError("no answer")

    def confirmed(self) -> set[str]:
        """The ids of this device that the server says it holds, for today."""
        day = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date().isoformat()
        listed = self.get("sync/receipts/", day=day, device=self.device)["items"]
        return {entry["id"] for entry in listed if entry["verdict"] == "created"}


@pytest.fixture
def phone(stack: Stack) -> Iterator[Callable[[str], Phone]]:
    """`phone("grid1")` → that worker's phone, signed in, with his households."""
    with ExitStack() as opened:

        def make(username: str) -> Phone:
            made = Phone(stack.url, username)
            opened.callback(made.http.close)
            return made

        yield make


@pytest.fixture(scope="session")
def session_world(session_stack: Stack) -> Iterator[World]:
    """The office of the real stack, for workers whom no other test has met."""
    made = World(session_stack)
    yield made
    made.close()


@pytest.fixture
def scene(stack: Stack, session_world: World, tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as opened:
        yield Scene(stack, session_world, tmp_path, opened)
