"""The whole phone: `ReferenceClient(url, path)`, `sign_in`, `save`, `sync`."""

import datetime as dt
import fcntl
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.reference_client.download import take_in
from tests.reference_client.receipts import compare
from tests.reference_client.store import Store
from tests.reference_client.upload import Upload
from tests.reference_client.wire import NoAnswerError, RefusedError, Wire

SCHEMA = 1


class UnsentRecordsError(Exception):
    """Signing out would lose records that are not confirmed."""


class ReferenceClient:
    """One user's phone. `offset` is how far its clock is off the true one."""

    def __init__(self, url: str, path: Path, *, offset: dt.timedelta = dt.timedelta(), seed: int = 0):
        self.offset = offset
        self.wire = Wire(url)
        self.store = Store(path)
        self._chance = random.Random(seed)
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

    def sign_in(self, username: str, password: str) -> dict[str, Any]:
        session = self.wire.sign_in(username, password, device=self.store.device)
        self.upload.resume()
        return session

    def sign_out(self) -> None:
        if unsent := self.store.unsent():
            raise UnsentRecordsError(unsent)
        self.store.wipe_cache()
        self.wire.sign_out()

    def save(self, kind: str, body: dict[str, Any], *, record_id: str | None = None) -> str:
        """Durable when it returns; `record_id` is the id made when the form opened."""
        record_id = record_id or self.store.new_id()
        self.store.save(record_id=record_id, kind=kind, schema=SCHEMA, observed_at=self.now().isoformat(), body=body)
        return record_id

    def sync(self, *, force: bool = True) -> None:
        """Up, then down; `force` ends the waits, as a tap or the network's return does. No network raises nothing."""
        with self._alone():
            if force and not self.upload.paused:
                self.upload.resume()
            self.upload.run()
            if self.upload.problem:
                return
            try:
                take_in(self.store, self.wire)
            except NoAnswerError:
                self.upload.problem = "no_answer"
            except RefusedError as refusal:
                self.upload.problem = "signed_out" if refusal.status == 401 else refusal.code

    def compare_receipts(self) -> set[str]:
        """Ids the server has forgotten; the next `sync` sends them again."""
        with self._alone():
            return compare(self.store, self.wire)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One sync at a time, whatever other process has the same store open."""
        with self.store.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
