"""One worker's phone in the simulated week: the reference client, what is done with it, and what befalls it."""

import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from django.db import DatabaseError, connection

from backend.accounts.models import Session
from backend.ops.simulate.week.books import Books
from backend.ops.simulate.week.line import Line
from backend.ops.simulate.week.office import PATIENCE, Courier
from backend.ops.simulate.week.plan import OFFLINE, ONLINE, Fault, PhonePlan
from backend.ops.simulate.week.truth import Made
from reference_client.client import ReferenceClient
from reference_client.store import CONFIRMED, WAITING
from reference_client.wire import NoAnswerError, RefusedError

#: One slot in so many brings a mishap.
_MISHAP_WITH_NETWORK, _MISHAP_WITHOUT = 0.3, 0.05
_PAUSE = 0.3
_SKEWS = tuple(dt.timedelta(seconds=seconds) for seconds in (0, 3 * 86_400, -3 * 86_400, 90, -5 * 3_600))
_OUTCOMES = ("seen_well",) * 7 + ("nobody_home",) * 2 + ("refused",)
_SYMPTOMS = 0.02


@dataclass(frozen=True)
class Site:
    """What all phones share. `cells`: who signs in, by worker."""

    url: str
    folder: Path
    password: str
    usernames: tuple[str, ...]
    phones: int
    books: Books
    courier_of: Callable[[str], Courier]


class Phone:
    """Everything happens in the phone's own thread: its store belongs to that."""

    def __init__(self, plan: PhonePlan, site: Site, chance: Random) -> None:
        self.plan, self.site, self.books, self.chance = plan, site, site.books, chance
        self.skew = plan.skew
        self.line = Line(site.books)
        self.username = site.usernames[plan.worker]
        self.history = ""
        self.door = plan.index
        self.client: ReferenceClient
        self._generation = 0
        self._homes: list[tuple[str, str]] = []
        self._homes_of: tuple[str, list[str]] = ("", [])
        self._left: set[str] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self.username)

    def do(self, work: Callable[..., Any], *arguments: Any, **more: Any) -> "Future[Any]":
        """`work`, a method of this phone, in its thread."""
        return self._thread.submit(work, *arguments, **more)

    # --- the worker's day -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A phone out of its box: signs in, downloads its cell, fetches the keys for a day without network."""
        path = self.site.folder / f"{self.username}-{self.plan.index}-{self._generation}.sqlite"
        self._generation += 1
        seed = self.chance.randrange(1 << 30)
        self.client = ReferenceClient(self.site.url, path, seed=seed, transport=self.line, durable=False)
        self._until_answered(self._sign_in)
        self.sync()
        self._until_answered(self.client.fetch_keys)

    def slot(self, *, up: bool, day: int, visits: int, opening: bool, closing: bool, may_clear: bool) -> None:
        """Some doors, then a look at whether there is network. `opening` and `closing`: the first and last of a day."""
        self.line.up = up
        mishap = self._mishap(up)
        if up and opening:
            self.sync()
            self.close_days()
        self._walk(visits, day=day, fever=opening and visits > 0, poison=mishap is Fault.POISON)
        self._mend()
        if not up:
            self._without_network(mishap)
            return
        self._arm(mishap)
        self.sync()
        self.line.mend()
        if closing or self.client.store.history != self.history:
            self.close_days()
        if mishap is Fault.CLEARED and may_clear:
            self._clear()

    def finish(self) -> None:
        """The end of the week: network, nothing breaks any more, everything is sent and every day closed."""
        self.line.up = True
        self.line.mend()
        self._mend()
        self.sync()
        self.close_days()

    def sync(self) -> None:
        """As often as a phone would, within the slot: what a broken server left open is settled before time goes on."""
        end = time.monotonic() + PATIENCE
        while True:
            self._set_clock()
            self.client.sync()
            problem = self.client.upload.problem
            left = self.client.store.ids(WAITING) - {self.line.stumbles_over}
            if not self.line.up or (problem is None and not left):
                break
            if problem == "signed_out":
                self._until_answered(self._sign_in)
                continue
            if problem == "refused" or time.monotonic() > end:
                self.books.differs(f"{self.username}: {problem}, {len(left)} waiting")
                break
            time.sleep(_PAUSE)
        self.books.keep_confirmed(self.client.store.ids(CONFIRMED))

    def close_days(self) -> None:
        """Made = confirmed for all days; what a restored server forgot goes up again."""
        self._set_clock()
        for _ in range(3):
            if not self._until_answered(self.client.close_days):
                break
            self.sync()
        self.history = self.client.store.history

    def tally(self) -> tuple[int, int, int, int]:
        """`(days with records, days closed, records still waiting, days open though nothing came back)`."""
        store = self.client.store
        days = store.days_made(today=self.client.today())
        inbox = store.inbox().keys()
        closed = {day for day in days if (last := store.closing(day)) and last["closed"]}
        without_reason = [day for day, ids in days.items() if day not in closed and not inbox & set(ids)]
        return len(days), len(closed), len(store.waiting()), len(without_reason)

    def end(self) -> None:
        self.client.close()

    def stop(self) -> None:
        self._thread.shutdown()

    # --- at the doors ---------------------------------------------------------------------------------------------

    def _walk(self, visits: int, *, day: int, fever: bool, poison: bool) -> None:
        self._set_clock()
        homes = self._households()
        for number in range(visits):
            household, cell = homes[self.door % len(homes)]
            self.door += 1
            if fever and number == 0:
                # A door of its own for every fever of the week: one fever is one alert.
                household, cell = homes[(self.plan.index + self.site.phones * day) % len(homes)]
                self._save(household, cell, "seen_unwell", people=[{"temperature": 38.3}], fever=1)
            elif poison and number == visits - 1:
                self._save(household, cell, "seen_well", people=[{"temperature": 63.0}], poison=True)
            elif self.chance.random() < _SYMPTOMS:
                self._save(household, cell, "seen_unwell", people=[{"symptoms": ["dry_cough"]}], symptoms=1)
            else:
                self._save(household, cell, self.chance.choice(_OUTCOMES))

    def _households(self) -> list[tuple[str, str]]:
        """`(id, cell)` of every door that the phone's read cache shows."""
        store = self.client.store
        if self._homes_of != (store.history, store.scope):
            rows = store.cached("household")
            self._homes = sorted((household, row["region"]) for household, row in rows.items())
            self._homes_of = (store.history, store.scope)
        return self._homes

    def _save(
        self,
        household: str,
        cell: str,
        outcome: str,
        *,
        people: list[dict[str, Any]] | None = None,
        fever: int = 0,
        symptoms: int = 0,
        poison: bool = False,
    ) -> None:
        body: dict[str, Any] = {"household": household, "outcome": outcome} | ({"people": people} if people else {})
        record = Made(
            self.client.store.new_id(), cell, household, outcome, self.client.now(), fever=fever, symptoms=symptoms,
            poison=poison,
        )  # fmt: skip
        # Written down first: what a worker meant to save may be nowhere, what he was told is saved may not.
        self.books.made(record)
        self.client.save("visit", body, record_id=record.id)
        if poison:
            self.books.happened(Fault.POISON)

    def _mend(self) -> None:
        """The worker looks into his inbox: half of what came back he puts right, the rest he leaves."""
        for record_id in self.client.store.inbox().keys() - self._left:
            if self.chance.random() < 0.5:
                record = self.books.truth.made[record_id]
                body = {"household": record.household, "outcome": record.outcome, "people": [{"temperature": 36.3}]}
                self.books.mend(record_id)
                self.client.store.mend(record_id, body)
            else:
                self._left.add(record_id)

    # --- what befalls it ------------------------------------------------------------------------------------------

    def _mishap(self, up: bool) -> Fault | None:
        if self.chance.random() >= (_MISHAP_WITH_NETWORK if up else _MISHAP_WITHOUT):
            return None
        fault = self.chance.choice(ONLINE if up else OFFLINE)
        return None if fault is Fault.CLOCK_MOVED and not self.plan.clock_moves else fault

    def _arm(self, mishap: Fault | None) -> None:
        line = self.line
        line.lose_next = mishap is Fault.ANSWER_LOST
        line.cut_next = mishap is Fault.CUT
        line.copy_next = mishap is Fault.FIVE_COPIES
        if mishap is Fault.PORTAL:
            line.portal = 2
            self.books.happened(mishap)
        elif mishap is Fault.SESSION_ENDED:
            line.before_push = self._lose_session
        elif mishap is Fault.STUMBLED:
            line.stumbles_over = next((item["id"] for item in self.client.store.waiting()), "")
            if line.stumbles_over:
                self.books.happened(mishap)
        elif mishap in (Fault.CLOCK_MOVED, Fault.RESTARTED):
            self._move_clock() if mishap is Fault.CLOCK_MOVED else self._restart()

    def _without_network(self, mishap: Fault | None) -> None:
        if mishap is Fault.CLOCK_MOVED:
            self._move_clock()
        elif mishap is Fault.RESTARTED:
            self._restart()
        elif mishap is Fault.CARRIED:
            self._carry()

    def _move_clock(self) -> None:
        self.skew = self.chance.choice([skew for skew in _SKEWS if skew != self.skew])
        self.books.happened(Fault.CLOCK_MOVED)
        self._set_clock()

    def _restart(self) -> None:
        self.client.restart()
        self.books.happened(Fault.RESTARTED)

    def _lose_session(self) -> None:
        """The server forgets this phone between two uploads."""
        try:
            Session.objects.filter(session_key=self.client.wire.session).delete()
        except DatabaseError:
            # The database is down on purpose just now; that is mishap enough.
            return
        finally:
            connection.close()
        self.books.happened(Fault.SESSION_ENDED)

    def _carry(self) -> None:
        """What waits goes by hand, to the township; the phone does not hear of it and sends it all the same."""
        items = self.client.store.waiting()
        if not items:
            return
        skew = dt.timedelta(seconds=self.client.store.skew_seconds)
        self.site.courier_of(self.client.store.scope[0]).bring(self.client.carry_out(), items, skew=skew)
        self.books.carried.update(item["id"] for item in items)
        self.books.happened(Fault.CARRIED)

    def _clear(self) -> None:
        """Somebody clears the browser's data, after everything was confirmed and compared."""
        if self.client.store.unsent():
            return
        self.close_days()
        if self.client.store.unsent() or self.client.upload.problem:
            return
        self.client.close()
        self.line = Line(self.books)
        self.begin()
        self.books.happened(Fault.CLEARED)

    # --- behind the glass -----------------------------------------------------------------------------------------

    def _set_clock(self) -> None:
        self.client.offset = self.books.clock.offset + self.skew

    def _sign_in(self) -> None:
        self._set_clock()
        self.client.sign_in(self.username, self.site.password)

    def _until_answered(self, deed: Callable[[], Any]) -> Any:
        """`deed` again until the server, broken on purpose, has answered it; None where the network ended."""
        end = time.monotonic() + PATIENCE
        while self.line.up:
            try:
                return deed()
            except RefusedError as refusal:
                if refusal.status == 401 and deed != self._sign_in:
                    self._until_answered(self._sign_in)
                    continue
                if refusal.status < 429 or time.monotonic() > end:
                    raise
            except NoAnswerError:
                if time.monotonic() > end:
                    raise
            time.sleep(_PAUSE)
        return None
