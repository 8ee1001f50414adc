"""Workers with cells of their own on the real stack, the office's deeds, and what the server holds in the end."""

import datetime as dt
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from uuid_utils.compat import uuid4, uuid7

from launch.paths import PYTHON
from launch.stack import Stack
from tests.api_client import Api

REPOSITORY = Path(__file__).resolve().parents[2]
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: How many are made at a time; making one costs a hashed password.
POOL = 8


def today() -> str:
    return dt.datetime.now(SHANGHAI).date().isoformat()


@dataclass
class Worker:
    """A worker: on duty in `cell`; `other_cell` is nobody's; `office` sits in the village above both."""

    username: str
    office: str
    cell: str
    other_cell: str
    households: list[str]
    other_households: list[str]


class World:
    """`do("move", household=…, region=…)`: a deed of tests/conformance/deeds.py."""

    def __init__(self, stack: Stack):
        self.stack = stack
        self._pool: list[Worker] = []
        self._office = subprocess.Popen(
            [str(PYTHON), "-m", "tests.conformance.deeds"],
            cwd=REPOSITORY,
            env=stack.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        self._office.communicate(timeout=30)

    def do(self, deed: str, **arguments: Any) -> Any:
        assert self._office.stdin is not None
        assert self._office.stdout is not None
        self._office.stdin.write(json.dumps([deed, arguments]) + "\n")
        self._office.stdin.flush()
        return json.loads(self._office.stdout.readline())

    def worker(self) -> Worker:
        """Somebody no other scenario has met."""
        if not self._pool:
            self._pool = [Worker(**each) for each in self.do("workers", count=POOL)]
        return self._pool.pop(0)

    def remake_history(self) -> None:
        """As after a restore."""
        self.stack.manage("after_restore", owner=True)


class Observer:
    """The same worker without a phone: asks the server directly what it holds."""

    def __init__(self, stack: Stack, worker: Worker):
        self.api = Api(stack.url, worker.username)

    def household(self, household: str) -> dict[str, Any]:
        """The household as the office's screens have it."""
        return self.api.get(f"households/{household}/")

    def bring(self, text: str) -> httpx.Response:
        """A carried file, brought by this worker."""
        headers = {"Content-Type": "application/json"}
        return self.api.http.post("sync/carried/", content=text, headers=headers)

    def receipts(self, device: str, day: str) -> dict[str, Any]:
        return self.api.get("sync/receipts/", day=day, device=device)

    def held(self, device: str, day: str | None = None) -> set[str]:
        """Ids the server confirms of this device."""
        listed = self.receipts(device, day or today())["items"]
        return {entry["id"] for entry in listed if entry["verdict"] == "created"}

    def visits(self) -> dict[str, dict[str, Any]]:
        """The visits of the worker's cells as a new phone would download them."""
        found: dict[str, dict[str, Any]] = {}
        cursor = ""
        while True:
            page = self.api.get("sync/pull/", cursor=cursor, limit=2000)
            found |= {c["id"]: c["data"] for c in page["changes"] if c["kind"] == "visit" and c["op"] == "put"}
            cursor = page["cursor"]
            if not page["more"]:
                return found

    def push(self, *items: dict[str, Any]) -> list[dict[str, Any]]:
        """Results of a push from some other device."""
        now = dt.datetime.now(SHANGHAI).isoformat()
        envelope = {"device": str(uuid4()), "api_level": 1, "sent_at": now, "items": items}
        return self.api.post("sync/push/", envelope).json()["results"]


def visit_item(household: str, *, record_id: str = "", outcome: str = "nobody_home") -> dict[str, Any]:
    """A visit of now, as it goes over the wire."""
    return item("visit", {"household": household, "outcome": outcome}, record_id=record_id)


def item(kind: str, body: dict[str, Any], *, record_id: str = "") -> dict[str, Any]:
    """An item of now, as it goes over the wire."""
    return {
        "id": record_id or str(uuid7()), "kind": kind, "schema": 1, "seq": 1,
        "observed_at": dt.datetime.now(SHANGHAI).isoformat(), "body": body,
    }  # fmt: skip
