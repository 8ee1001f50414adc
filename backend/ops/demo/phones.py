"""A demo worker's phone: it numbers what it records and uploads it through the protocol's own service."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from backend.accounts.models import User
from backend.core import clock
from backend.facts.choices import Verdict
from backend.ops.demo.people import record_id
from backend.sync.schemas import current_schema
from backend.sync.services import batch_push
from backend.sync.shapes import MAX_ITEMS, Envelope


@dataclass
class Phone:
    """The device of one worker. `pending` holds what was recorded and not yet uploaded."""

    worker: User
    chance: Random
    since: dt.datetime
    device: uuid.UUID = field(init=False)
    seq: int = 0
    pending: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device = record_id(self.chance, self.since)

    def record(
        self, kind: str, observed_at: dt.datetime, body: dict[str, Any], *, item_id: uuid.UUID | None = None
    ) -> None:
        """Save one record on the phone, under `item_id` or a new one."""
        self.seq += 1
        self.pending.append(
            {
                "id": str(item_id or record_id(self.chance, observed_at)), "kind": kind, "schema": current_schema(kind),
                "seq": self.seq, "observed_at": observed_at.isoformat(), "body": body,
            }
        )  # fmt: skip

    def upload(self) -> int:
        """Push everything pending, as of the standing clock. Returns how many records were new.

        Raises RuntimeError when the server refuses one: the demo's records are right, so that would be a fault.
        """
        created = 0
        for batch in _batches(self.pending):
            envelope = Envelope(
                device=self.device, api_level=1, sent_at=clock.now(),
                items=[msgspec.Raw(msgspec.json.encode(item)) for item in batch],
            )  # fmt: skip
            pushed = batch_push(user=self.worker, envelope=envelope)
            if wrong := [r for r in pushed.results if r.verdict not in {Verdict.CREATED, Verdict.DUPLICATE}]:
                raise RuntimeError(f"the demo's own record was refused: {wrong[0].code} {wrong[0].field}")
            created += pushed.counts[Verdict.CREATED]
        self.pending.clear()
        return created


def _batches(items: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    for start in range(0, len(items), MAX_ITEMS):
        yield items[start : start + MAX_ITEMS]
