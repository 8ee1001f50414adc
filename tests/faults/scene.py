"""A worker nobody else has met, his phones (the reference client), and the check that every fault test ends with."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Set
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from launch.stack import Stack
from reference_client.client import ReferenceClient
from reference_client.store import CONFIRMED
from tests.conformance.relay import Relay
from tests.conformance.world import World, today
from tests.real_stack import PASSWORD

REACHED = {"seen_well", "seen_unwell", "refused", "moved_away"}


class Scene:
    """One worker in a cell of ten households, on the real stack."""

    def __init__(self, stack: Stack, world: World, folder: Path, opened: ExitStack):
        self.stack, self.world = stack, world
        self.worker = world.worker()
        self.homes = self.worker.households
        #: What each visit must show in the figures of today, by id.
        self.visits: dict[str, dict[str, Any]] = {}
        self._folder, self._opened = folder, opened
        self._phones = 0

    def relay(self) -> Relay:
        """A line to the stack that can be broken."""
        made = Relay(self.stack.url).start()
        self._opened.callback(made.stop)
        return made

    def phone(
        self, *, offset: dt.timedelta = dt.timedelta(), url: str = "", transport: httpx.BaseTransport | None = None
    ) -> ReferenceClient:
        """Signed in, its cell downloaded."""
        self._phones += 1
        path = self._folder / f"phone{self._phones}.sqlite"
        made = ReferenceClient(url or self.stack.url, path, offset=offset, transport=transport)
        self._opened.callback(made.close)
        made.sign_in(self.worker.username, PASSWORD)
        made.sync()
        assert made.upload.problem is None
        return made

    def visit(self, phone: ReferenceClient, door: int, outcome: str = "seen_well", **body: Any) -> str:
        """A visit saved on `phone`; its id."""
        home = self.homes[door % len(self.homes)]
        fever = sum(1 for person in body.get("people", ()) if person.get("temperature", 0) >= 37.3)
        record_id = phone.save("visit", {"household": home, "outcome": outcome, **body})
        self.visits[record_id] = {"home": home, "outcome": outcome, "fever": fever}
        return record_id

    def visits_on(self, phone: ReferenceClient, count: int) -> list[str]:
        """So many, of changing outcomes."""
        outcomes = ("seen_well", "nobody_home", "refused")
        return [self.visit(phone, number, outcomes[number % 3]) for number in range(count)]

    def whole(
        self, *phones: ReferenceClient, waiting: int = 0, besides: Set[str] = frozenset(), cell: str = "",
        registered: Set[str] = frozenset(),
    ) -> list[dict[str, Any]]:  # fmt: skip
        """What each phone calls saved is on the server exactly once, and the figures are right; the rows, by `seq`.

        `besides` are records that are stored, but not among today's figures of `cell`; `registered` are no visits.
        """
        for phone in phones:
            assert len(phone.store.waiting()) == waiting, phone.upload.problem
        told = set().union(*(phone.store.ids(CONFIRMED) for phone in phones))
        assert registered <= told
        told -= registered
        if not waiting:
            assert told == set(self.visits)
        return self.stored_once(told, besides=besides, cell=cell)

    def stored_once(self, told: set[str], *, besides: Set[str] = frozenset(), cell: str = "") -> list[dict[str, Any]]:
        """What phones were told is stored: each exactly once, and the figures are right; the rows, by `seq`."""
        rows: list[dict[str, Any]] = self.world.do("stored", records=list(self.visits))
        assert Counter(row["id"] for row in rows) == Counter(dict.fromkeys(told, 1))
        counted = {each: visit for each, visit in self.visits.items() if each in told - besides}
        self._figures_are_right(counted, cell or self.worker.cell)
        return rows

    def _figures_are_right(self, counted: dict[str, dict[str, Any]], cell: str) -> None:
        reached = {visit["home"] for visit in counted.values() if visit["outcome"] in REACHED}
        nobody = {visit["home"] for visit in counted.values() if visit["outcome"] == "nobody_home"}
        wanted = {
            "reached": len(reached), "nobody_home": len(nobody - reached),
            "fever": sum(visit["fever"] for visit in counted.values()),
        }  # fmt: skip
        figures = self.world.do("figures", region=cell)
        # Where nothing has arrived yet, a running day has no figure rather than a zero.
        assert {name: figures.get(name) or 0 for name in wanted} == wanted

    def close_day(self, phone: ReferenceClient) -> None:
        """The server signs that today is whole."""
        assert phone.close_days() == set()
        closing = phone.store.closing(today())
        assert closing is not None
        assert closing["closed"]


def until_sent(phone: ReferenceClient, *, seconds: float = 60) -> None:
    """Syncs as a phone does while its server is broken, until nothing waits."""
    end = time.monotonic() + seconds
    while True:
        phone.sync()
        if phone.upload.problem is None and not phone.store.waiting():
            return
        assert time.monotonic() < end, phone.upload.problem
        time.sleep(0.3)
