"""The whole phone: `ReferenceClient(url, path)`, `sign_in`, `save`, `sync`."""

import datetime as dt
import fcntl
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from reference_client.carrying import MOST, sealed_file
from reference_client.download import take_in
from reference_client.receipts import close_days, compare
from reference_client.store import Store
from reference_client.upload import API_LEVEL, Upload
from reference_client.wire import NoAnswerError, RefusedError, Wire

#: What a body made now is of; kinds not named are of schema 1.
SCHEMAS = {"returnee": 3, "returnee_edit": 2}


class UnsentRecordsError(Exception):
    """Signing out would lose records that are not confirmed."""


class ReferenceClient:
    """One user's phone. `offset` is how far its clock is off the true one; it may change at any time."""

    def __init__(
        self,
        url: str,
        path: Path,
        *,
        offset: dt.timedelta = dt.timedelta(),
        seed: int = 0,
        transport: httpx.BaseTransport | None = None,
        durable: bool = True,
    ):
        self.offset = offset
        self.wire = Wire(url, transport=transport)
        self.store = Store(path, durable=durable)
        self._chance = random.Random(seed)  # noqa: S311 - for spreading retries
        self.restart()

    def restart(self) -> None:
        """As a program that was ended and started again: what it waited for is forgotten, what it saved is not."""
        self.upload = Upload(self.store, self.wire, now=self.now, chance=self._chance)

    def close(self) -> None:
        self.wire.close()
        self.store.close()

    def now(self) -> dt.datetime:
        """The phone's clock, raw: the server corrects it."""
        return dt.datetime.now(dt.timezone(dt.timedelta(hours=8))) + self.offset

    def today(self) -> str:
        """The business day, as well as the phone knows it."""
        known = self.now() + dt.timedelta(seconds=self.store.skew_seconds)
        return known.date().isoformat()

    def sign_in(self, username: str, password: str) -> dict[str, Any]:
        session = self.wire.sign_in(username, password, device=self.store.device)
        self.upload.resume()
        return session

    def sign_out(self) -> None:
        if unsent := self.store.unsent():
            raise UnsentRecordsError(unsent)
        self.store.wipe_cache()
        self.wire.sign_out()

    def save(self, kind: str, body: dict[str, Any], *, record_id: str | None = None, schema: int | None = None) -> str:
        """Durable when it returns; `record_id` is the id made when the form opened.

        What is saved keeps its schema for ever, whatever version of the program sends it in the end. `schema` is for a
        program of an earlier version.
        """
        record_id = record_id or self.store.new_id()
        self.store.save(
            record_id=record_id, kind=kind, schema=schema or SCHEMAS.get(kind, 1), observed_at=self.now().isoformat(),
            made_day=self.today(), body=body,
        )  # fmt: skip
        return record_id

    def edit(self, kind: str, target: str, changes: dict[str, Any]) -> str:
        """`edit("household", id, {"floor": 3})`: what was changed of a row, on the version delivered."""
        version = self.store.cached(kind)[target]["version"]
        return self.save(f"{kind}_edit", {kind: target, "version": version, "changes": changes})

    def choose(self, conflict: str, choices: dict[str, str]) -> str:
        """`mine` or `theirs` for every field of a delivered conflict, as it was delivered."""
        version = self.store.cached("conflict")[conflict]["version"]
        return self.save("conflict_choice", {"conflict": conflict, "version": version, "choices": choices})

    def hand_over(self, household: str, to: str, *, reason: str = "wrong_cell") -> str:
        """A household offered to a cell or village; the record's id is the hand-over's."""
        return self.save("handover", {"household": household, "to": to, "reason": reason})

    def answer(self, handover: str, answer: str, *, reason: str = "") -> str:
        """`accepted`, `declined` with a `reason`, or `withdrawn`, of what was offered to a cell."""
        body = {"handover": handover, "answer": answer, "reason": reason}
        return self.save("handover_answer", {name: value for name, value in body.items() if value})

    def refer(self, record_id: str, *, note: str = "", referral: str | None = None) -> str:
        """A record of the inbox handed up to the office, and gone from it; `referral` is the id made beforehand."""
        referral = referral or self.store.new_id()
        self.store.refer(
            record_id, referral=referral, schema=SCHEMAS.get("referral", 1), observed_at=self.now().isoformat(),
            made_day=self.today(), note=note,
        )  # fmt: skip
        return referral

    def sync(self, *, force: bool = True) -> None:
        """Up, then down; `force` ends the waits, as a tap or the network's return does. No network raises nothing."""
        with self._alone():
            if force and not self.upload.paused:
                self.upload.resume()
            self.upload.run()
            if self.upload.problem:
                return
            try:
                take_in(self.store, self.wire, now=self.now)
            except NoAnswerError:
                self.upload.problem = "no_answer"
            except RefusedError as refusal:
                self.upload.problem = "signed_out" if refusal.status == 401 else refusal.code

    def compare_receipts(self) -> set[str]:
        """Ids the server has forgotten; the next `sync` sends them again."""
        with self._alone():
            return compare(self.store, self.wire)

    def close_days(self) -> set[str]:
        """Made = confirmed for every day (docs/receipts.md); the ids that the server lacks: the next `sync` sends them.

        Raises NoAnswerError and RefusedError.
        """
        with self._alone():
            return close_days(self.store, self.wire, today=self.today())

    def fetch_keys(self) -> None:
        """For sealing without network, later. Raises NoAnswerError and RefusedError."""
        self.store.keys = self.wire.keys(self.store.device)

    def carry_out(self) -> dict[str, Any]:
        """What waits, as a file that only the server opens (docs/hand-carry.md). It goes on waiting all the same."""
        content = {
            "device": self.store.device, "made_at": self.now().isoformat(), "skew_seconds": self.store.skew_seconds,
            "api_level": API_LEVEL, "items": self.store.waiting()[:MOST],
        }  # fmt: skip
        return sealed_file(content, keys=self.store.keys)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One sync at a time, whatever other process has the same store open."""
        with self.store.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
