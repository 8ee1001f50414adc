"""Two hundred phones in a process of their own, as the phone app behaves: one upload at a time, refusals waited out."""

import datetime as dt
import gzip
import json
import multiprocessing
import queue
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from _world import Phone
from uuid_utils.compat import uuid7

#: What the phone app puts into one upload.
BATCH = 100
GZIP_FROM = 4096
_GIVE_UP = 600.0


@dataclass
class Tally:
    """What came of the uploads of all phones: seconds of those answered 200, refusals, faults, when the last ended."""

    seconds: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    created: int = 0
    duplicates: int = 0
    #: Lines found closed.
    lost: int = 0
    #: Per phone that had a backlog: seconds from its first attempt until the server had everything.
    drained: list[float] = field(default_factory=list)
    #: Processor seconds of the phones' process.
    cpu: float = 0.0

    def add(self, other: "Tally") -> None:
        for name in ("seconds", "refused", "faults", "drained"):
            getattr(self, name).extend(getattr(other, name))
        self.created += other.created
        self.duplicates += other.duplicates
        self.lost += other.lost


def upload_of(phone: Phone, first_seq: int, visits: list[dict[str, Any]]) -> bytes:
    """One upload, as the phone app writes it."""
    now = dt.datetime.now(dt.UTC).isoformat()
    items = [
        {"id": str(uuid7()), "kind": "visit", "schema": 1, "seq": first_seq + n, "observed_at": now, "body": visit}
        for n, visit in enumerate(visits)
    ]
    body = json.dumps({"device": str(phone.device), "api_level": 1, "sent_at": now, "items": items}).encode()
    return gzip.compress(body, 6) if len(body) >= GZIP_FROM else body


def all_well(phone: Phone, start: int, count: int) -> list[dict[str, Any]]:
    homes = phone.households
    return [{"household": str(homes[(start + n) % len(homes)]), "outcome": "seen_well"} for n in range(count)]


def wait_of(retry_after: str | None, failures: int) -> float:
    """Seconds until the phone app tries again (pwa/src/sync/engine.ts)."""
    if retry_after:
        return float(retry_after) * random.uniform(1, 1.5)
    ceiling = 2.0 * 2 ** min(failures - 1, 7)
    return random.uniform(ceiling / 2, ceiling)


class Line:
    """The phone's connection. `send` behaves as docs/sync.md asks: the same upload again, not before `Retry-After`."""

    def __init__(self, port: int, phone: Phone, tally: Tally, stop: threading.Event) -> None:
        self.port, self.phone, self.tally, self.stop = port, phone, tally, stop
        self.connection = HTTPConnection("127.0.0.1", port, timeout=120)

    def send(self, body: bytes) -> bool:
        """Until the server has it; False when the benchmark ended first."""
        headers = {
            "Content-Type": "application/json", "Cookie": self.phone.cookie, "X-CSRFToken": self.phone.csrf,
            "Content-Encoding": "gzip" if body.startswith(b"\x1f\x8b") else "identity",
        }  # fmt: skip
        failures = 0
        while not self.stop.is_set():
            begun = time.monotonic()
            try:
                self.connection.request("POST", "/api/v1/sync/push/", body, headers)
                answer = self.connection.getresponse()
                content = answer.read()
            except (ConnectionError, HTTPException):
                # A server lets go of a line that was idle for long; the same upload on a new one changes nothing.
                self.tally.lost += 1
                self.connection.close()
                continue
            took = time.monotonic() - begun
            if answer.status == 200:
                self.tally.seconds.append(took)
                self.tally.created += content.count(b'"created"')
                self.tally.duplicates += content.count(b'"duplicate"')
                return True
            failures += 1
            if answer.status == 429:
                self.tally.refused.append(took)
            else:
                self.tally.faults.append(answer.status)
            self.stop.wait(wait_of(answer.getheader("Retry-After"), failures))
        return False


@dataclass(frozen=True)
class Habit:
    """What every phone does: `waiting` records first, at a random moment of `over` seconds, then `visits` new ones
    every `every` seconds; none with `every` 0. `ceaseless`: full batches without a pause, until told to stop."""

    waiting: int = 0
    over: float = 0.0
    visits: int = 2
    every: float = 0.0
    ceaseless: bool = False


def _live(line: Line, habit: Habit, start: float) -> None:
    phone, tally, stop = line.phone, line.tally, line.stop
    seq = 1
    online = start + random.random() * habit.over
    due = start + random.random() * habit.every
    waiting = [upload_of(phone, 1 + n, all_well(phone, n, BATCH)) for n in range(0, habit.waiting, BATCH)]
    seq += habit.waiting
    while not stop.is_set():
        now = time.monotonic()
        if habit.ceaseless:
            line.send(upload_of(phone, seq, all_well(phone, seq, BATCH)))
            seq += BATCH
        elif waiting and now >= online:
            if all(line.send(body) for body in waiting):
                tally.drained.append(time.monotonic() - now)
            waiting = []
        elif habit.every and now >= due:
            line.send(upload_of(phone, seq, all_well(phone, seq, habit.visits)))
            seq += habit.visits
            due = max(due + habit.every, now)
        elif not waiting and not habit.every:
            return
        else:
            moments = ([online] if waiting else []) + ([due] if habit.every else [])
            stop.wait(max(0.0, min(moments) - now))


def _process(port: int, people: list[Phone], habit: Habit, ends: tuple[Any, Any, Any]) -> None:
    stop, ready, answer = ends
    tallies = [Tally() for _ in people]
    # Bodies are made before the clock runs: what is measured is the server.
    begun = time.monotonic() + 2.0
    local = threading.Event()
    threads = [
        threading.Thread(target=_live, args=(Line(port, phone, tally, local), habit, begun))
        for phone, tally in zip(people, tallies, strict=True)
    ]
    for thread in threads:
        thread.start()
    ready.set()
    cpu = time.process_time()
    while any(thread.is_alive() for thread in threads) and not stop.wait(0.2):
        pass
    local.set()
    for thread in threads:
        thread.join()
    total = Tally(cpu=time.process_time() - cpu)
    for tally in tallies:
        total.add(tally)
    answer.put(total)


class Crowd:
    """The phones under way; `end` stops them and says what came of it."""

    def __init__(self, port: int, people: list[Phone], habit: Habit) -> None:
        context = multiprocessing.get_context("fork")
        self._stop, ready, self._answer = context.Event(), context.Event(), context.Queue()
        self._process = context.Process(target=_process, args=(port, people, habit, (self._stop, ready, self._answer)))
        self._process.start()
        ready.wait(120)

    def wait(self, seconds: float = _GIVE_UP) -> Tally:
        """Until every phone is done by itself."""
        try:
            return self._answer.get(timeout=seconds)
        except queue.Empty:
            return self.end()
        finally:
            self._process.join(30)

    def end(self) -> Tally:
        self._stop.set()
        total = self._answer.get(timeout=150)
        self._process.join(30)
        return total


@contextmanager
def pushing(port: int, people: list[Phone], habit: Habit) -> Iterator[list[Tally]]:
    """While the block runs the phones push; their tally is in the list afterwards."""
    crowd = Crowd(port, people, habit)
    result: list[Tally] = []
    try:
        yield result
    finally:
        result.append(crowd.end())
