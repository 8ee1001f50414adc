"""One worker's app on the simulated day: outbox, uploads until every record is settled, pull, receipts."""

import asyncio
import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from backend.ops.simulate.script import Planned, Script
from backend.ops.simulate.sockets import Listener
from backend.ops.simulate.timeline import DayClock, Hour
from backend.ops.simulate.wire import NoAnswerError, Wire

_BATCH = 100
_TRIES = 12


@dataclass
class Books:
    """What the simulation writes down about uploads, over all phones."""

    answers: Counter[str] = field(default_factory=Counter)
    #: Ids that the server said it created, once per saying.
    created: Counter[str] = field(default_factory=Counter)
    #: When the upload that created a record was posted (monotonic), where the answer is known.
    posted: dict[str, float] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def note(self, answer: dict[str, Any], batch: list[Planned], posted_at: float) -> None:
        """Enter the verdicts of an answer, whether the phone came to see it or not."""
        for record, result in zip(batch, answer["results"], strict=True):
            self.answers[result["verdict"]] += 1
            if result["verdict"] == "created":
                self.created[record.id] += 1
                self.posted.setdefault(record.id, posted_at)


class Phone:
    """The app of `script`. Every record stays in the outbox until the server has settled it."""

    def __init__(
        self, script: Script, wire: Wire, *, listener: Listener, books: Books, clock: DayClock, chance: Random
    ) -> None:
        self.script, self.wire, self.listener, self.books, self.chance = script, wire, listener, books, chance
        self.clock = clock
        self.outbox: list[Planned] = []
        self.sent_morning: list[Planned] = []
        self.confirmed: set[str] = set()
        self.pulled: dict[tuple[str, str], dict[str, Any]] = {}
        self.cursor = ""

    async def sign_in(self, password: str) -> None:
        await self.wire.sign_in(self.script.cell.username, password, self.script.device)

    async def hour(self, hour: Hour) -> None:
        """Write down what this hour brings; upload everything if there is network, else lose the socket."""
        self.outbox += [record for record in self.script.records if record.hour is hour]
        if hour not in self.script.habit.value:
            await self.listener.drop()
            return
        await self.listener.open()
        if hour is Hour.MORNING:
            self.sent_morning = [r for r in self.outbox if r.effect is not None]
        if hour is Hour.EVENING and self.script.resends_morning:
            await self._settle(list(self.sent_morning))
        await self._settle(self.outbox, double=hour is Hour.AFTERNOON and self.script.doubles)
        self.outbox = []
        await self.pull()

    async def pull(self) -> None:
        """Bring the read cache up to date."""
        while True:
            page = await self.wire.request("GET", "/api/v1/sync/pull/", params={"cursor": self.cursor, "limit": 500})
            if page["resync"]:
                self.pulled.clear()
            for change in page["changes"]:
                key = change["kind"], change["id"]
                if change["op"] == "delete":
                    self.pulled.pop(key, None)
                else:
                    self.pulled[key] = change["data"]
            self.cursor = page["cursor"]
            if not page["more"]:
                return

    async def receipts(self, day: dt.date) -> set[str]:
        """The ids that the server holds of this device for `day`."""
        answer = await self.wire.request(
            "GET", "/api/v1/sync/receipts/", params={"day": day.isoformat(), "device": str(self.script.device)}
        )
        return {item["id"] for item in answer["items"] if item["verdict"] == "created"}

    async def _settle(self, records: list[Planned], *, double: bool = False) -> None:
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            if double:
                await self._twice_at_once(batch)
            for _ in range(_TRIES):
                try:
                    self._take(await self._push(batch), batch)
                    break
                except NoAnswerError:
                    await asyncio.sleep(self.chance.uniform(0.05, 0.4))
            else:
                self.books.differences.append(f"{self.script.cell.username}: no answer in {_TRIES} tries")

    async def _twice_at_once(self, batch: list[Planned]) -> None:
        """The same records over two connections in the same moment; the answers go to the books alone."""
        await asyncio.gather(self._push(batch, faults=False), self._push(batch, faults=False))

    async def _push(self, batch: list[Planned], *, faults: bool = True) -> dict[str, Any]:
        envelope = {
            "device": str(self.script.device), "api_level": 1,
            "sent_at": (self.clock.now() + self.script.skew).isoformat(),
            "items": [record.item for record in batch],
        }  # fmt: skip
        posted_at = time.monotonic()
        try:
            answer: dict[str, Any] = await self.wire.push(envelope, faults=faults)
        except NoAnswerError as unheard:
            if unheard.args:
                self.books.note(unheard.args[0], batch, posted_at)
            raise
        self.books.note(answer, batch, posted_at)
        return answer

    def _take(self, answer: dict[str, Any], batch: list[Planned]) -> None:
        """Hold each verdict against what it must be."""
        for record, result in zip(batch, answer["results"], strict=True):
            verdict, code = result["verdict"], result.get("code", "")
            if record.conflict:
                right = verdict == "conflict" and code == "id_reused"
            elif record.refusal:
                right = verdict == "rejected" and code == record.refusal and bool(result.get("message"))
            else:
                right = verdict in ("created", "duplicate")
                self.confirmed.add(record.id)
            if not right:
                wanted = "conflict" if record.conflict else record.refusal or "created"
                self.books.differences.append(
                    f"{self.script.cell.username} {record.hour.name}: {verdict} {code}, expected {wanted}"
                )
