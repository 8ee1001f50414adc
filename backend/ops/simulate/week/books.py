"""What the simulated week writes down: records made, verdicts seen on every line, faults that happened."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from backend.ops.simulate.timeline import DayClock
from backend.ops.simulate.week.plan import Fault
from backend.ops.simulate.week.truth import Made, WeekTruth


class Trap:
    """The moment after a commit: the first answer that comes back is stopped, and the server killed meanwhile."""

    def __init__(self) -> None:
        self.sprung, self.reset = threading.Event(), threading.Event()
        self._first = threading.Lock()

    def catch(self) -> bool:
        """Whether this answer is the one; returns when the server is dead."""
        if self.sprung.is_set() or not self._first.acquire(blocking=False):
            return False
        self.sprung.set()
        self.reset.wait(30)
        return True


class Books:
    """Shared by all phones; safe between threads."""

    def __init__(self, truth: WeekTruth, clock: DayClock) -> None:
        self.truth, self.clock = truth, clock
        self.faults: Counter[Fault] = Counter()
        self.verdicts: Counter[str] = Counter()
        #: Ids that a phone was told are stored, over all phones and whatever became of the phone.
        self.confirmed: set[str] = set()
        self.carried: set[str] = set()
        self.mended = 0
        self.forgotten = 0
        self.differences: list[str] = []
        self.push_seconds: list[float] = []
        self.trap: Trap | None = None
        self._created: Counter[str] = Counter()
        self._lock = threading.Lock()

    def made(self, record: Made) -> None:
        with self._lock:
            self.truth.made[record.id] = record

    def mend(self, record_id: str) -> None:
        """The author put right what had come back."""
        with self._lock:
            self.truth.made[record_id].poison = False
            self.mended += 1

    def happened(self, fault: Fault) -> None:
        with self._lock:
            self.faults[fault] += 1

    def differs(self, line: str) -> None:
        with self._lock:
            self.differences.append(line)

    def answered(self, items: Sequence[dict[str, Any]], answer: dict[str, Any], *, skew: dt.timedelta) -> None:
        """An upload was answered, whether its phone came to hear it or not."""
        at = self.clock.now()
        with self._lock:
            for item, result in zip(items, answer["results"], strict=True):
                self.verdicts[result["verdict"]] += 1
                self._judge(item["id"], result, at, skew)

    def _judge(self, record_id: str, result: dict[str, Any], at: dt.datetime, skew: dt.timedelta) -> None:
        record = self.truth.made[record_id]
        verdict = result["verdict"]
        if verdict in ("created", "duplicate"):
            if verdict == "created":
                self._created[record_id] += 1
                if self._created[record_id] > 1:
                    self.differences.append(f"{record_id} was created twice")
            if record.arrived_at is None:
                record.arrive(at, skew)
        if (verdict == "rejected") != record.poison or verdict == "conflict":
            self.differences.append(f"{record_id}: {verdict} {result.get('code', '')}")

    def restored(self, backup_at: dt.datetime) -> None:
        """The server is the one of `backup_at` again: what it forgot may be created once more."""
        with self._lock:
            self.forgotten = self.truth.forget_since(backup_at)
            for record in self.truth.made.values():
                if record.arrived_at is None:
                    self._created[record.id] = 0

    def keep_confirmed(self, ids: Iterable[str]) -> None:
        with self._lock:
            self.confirmed.update(ids)
