"""Outbox → server: the tables "Answer" and "Refusals of the whole request" of docs/sync.md as code."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from reference_client.store import CONFIRMED, NEEDS_YOU, Store
from reference_client.urgent import is_urgent, urgent_of
from reference_client.waiting import wait_seconds
from reference_client.wire import NoAnswerError, RefusedError, Wire

API_LEVEL = 1
BATCH_ITEMS = 100
#: Single records that met a 500 one after the other: then it is the server, not a record.
LONE_FAILURES = 3
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_AHEAD, _BEHIND = dt.timedelta(minutes=10), dt.timedelta(days=31)


class Upload:
    """Sends what is due, one request at a time. `problem` says why it stopped; None after a run that ended well."""

    def __init__(self, store: Store, wire: Wire, *, now: Callable[[], dt.datetime], chance: random.Random):
        self._store = store
        self._wire = wire
        self._now = now
        self._chance = chance
        self._batch = BATCH_ITEMS
        self._failures = 0
        self._lone_failures = 0
        self._not_before = 0.0
        self._short_only = False
        self.problem: str | None = None

    @property
    def paused(self) -> bool:
        """Nothing is sent until somebody signs in again, or a person has looked into the refusal."""
        return self.problem in ("signed_out", "refused")

    def resume(self) -> None:
        """Somebody signed in, tapped, or the network is back: waits are over."""
        self.problem = None
        self._failures = 0
        self._not_before = 0.0
        self._store.end_waits()

    def run(self) -> None:
        self._lone_failures = 0
        early = self._now().timestamp() < self._not_before
        if self.paused or (early and not self._short_only):
            return
        if not early:
            self.problem = None
        while items := self._next(urgent_only=early):
            if not self._send(items):
                return

    def _next(self, *, urgent_only: bool) -> list[dict[str, Any]]:
        """The next batch: what may raise an alert by itself, then the others."""
        due = self._store.due(at=self._now().timestamp())
        urgent = urgent_of(due)
        return (urgent if urgent or urgent_only else due)[: self._batch]

    def _send(self, items: list[dict[str, Any]]) -> bool:
        """True when the next batch may follow at once."""
        envelope = {
            "device": self._store.device,
            "api_level": API_LEVEL,
            "sent_at": self._now().isoformat(),
            "items": items,
        }
        try:
            answer = self._wire.push(envelope)
        except RefusedError as refusal:
            return self._refused(refusal, items)
        except NoAnswerError as silence:
            if silence.status == 413:
                return self._halve(items)
            return self._wait("no_answer", silence.retry_after)
        self._settle(items, answer)
        self._failures = 0
        self._batch = min(BATCH_ITEMS, self._batch * 2)
        return True

    def _settle(self, items: list[dict[str, Any]], answer: dict[str, Any]) -> None:
        results = {result.get("id"): result for result in answer["results"]}
        with self._store.together():
            self._store.skew_seconds = float(answer.get("skew_seconds", 0))
            for item in items:
                self._settle_one(item, results.get(item["id"], {}), answer)

    def _settle_one(self, item: dict[str, Any], result: dict[str, Any], answer: dict[str, Any]) -> None:
        verdict = result.get("verdict")
        if verdict in ("created", "duplicate"):
            self._store.settle(item["id"], result, state=CONFIRMED, day=self._day(item, answer))
        elif result.get("code") == "edited_again":
            # The conflict is delivered anew, and chosen from anew.
            self._store.drop(item["id"])
        elif verdict in ("conflict", "rejected"):
            self._store.settle(item["id"], result, state=NEEDS_YOU, day="")
        else:
            # Not named, or a verdict of a newer server: nothing is known, so nothing is dropped.
            self._store.postpone([item["id"]], until=self._later(self._store.attempts(item["id"]) + 1))

    def _day(self, item: dict[str, Any], answer: dict[str, Any]) -> str:
        """The business day under which the server files the item ("Time")."""
        received = dt.datetime.fromisoformat(answer["server_time"])
        corrected = dt.datetime.fromisoformat(item["observed_at"]) + dt.timedelta(seconds=self._store.skew_seconds)
        doubtful = corrected > received + _AHEAD or corrected < received - _BEHIND
        return (received if doubtful else corrected).astimezone(_SHANGHAI).date().isoformat()

    def _refused(self, refusal: RefusedError, items: list[dict[str, Any]]) -> bool:
        if refusal.status == 401:
            self.problem = "signed_out"
            return False
        if refusal.status == 413:
            return self._halve(items)
        if refusal.status == 500:
            return self._isolate(items)
        if refusal.code == "busy":
            spread = refusal.retry_after * (1 + self._chance.random() / 2)
            self._wait("busy", spread)
            # Short uploads are always taken; one that was not short enough waits like the rest.
            self._short_only = not any(is_urgent(item) for item in items)
            return False
        if refusal.status == 429 or refusal.status > 500:
            return self._wait(refusal.code, refusal.retry_after)
        self.problem = "refused"
        return False

    def _halve(self, items: list[dict[str, Any]]) -> bool:
        if len(items) == 1:
            result = {"verdict": "rejected", "code": "item_too_large"}
            self._store.settle(items[0]["id"], result, state=NEEDS_YOU, day="")
        else:
            self._batch = -(-len(items) // 2)
        return True

    def _isolate(self, items: list[dict[str, Any]]) -> bool:
        """A 500 may be one record's doing: cut until it stands alone, and let it wait while the others pass."""
        if len(items) > 1:
            self._batch = -(-len(items) // 2)
            return True
        record_id = items[0]["id"]
        self._store.postpone([record_id], until=self._later(self._store.attempts(record_id) + 1))
        self._lone_failures += 1
        if self._lone_failures < LONE_FAILURES:
            return True
        return self._wait("internal", 0)

    def _wait(self, problem: str, retry_after: float) -> bool:
        self._failures += 1
        self._short_only = False
        self._not_before = self._later(self._failures, retry_after)
        self.problem = problem
        return False

    def _later(self, failures: int, retry_after: float = 0) -> float:
        return self._now().timestamp() + wait_seconds(failures, retry_after=retry_after, chance=self._chance)
