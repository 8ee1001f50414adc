"""Pure decisions of the protocol: what to answer when an id was seen before, the cursor's text, a receipt's text."""

import base64
import binascii
import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from backend.facts.choices import Verdict


def verdict_of_known(*, stored_verdict: str, stored_hash: bytes, same_hashes: Sequence[bytes]) -> Verdict | None:
    """The verdict on an id that the ledger holds; None when the item may still be judged anew.

    `same_hashes` are those of the item's content in each schema from its own on: the ledger has that of the schema
    which was current when the id was stored.

    A rejected item claims nothing: the phone may send it again under the same id, mended or not. An edit that clashed
    is told so as often as it asks, until somebody chose.
    """
    if stored_verdict == Verdict.REJECTED:
        return None
    if stored_hash not in same_hashes or stored_verdict == Verdict.CONFLICT:
        return Verdict.CONFLICT
    return Verdict.DUPLICATE


#: Ids of changes are UUIDs, region codes and names of rules.
_ID = re.compile(r"[\w.:-]{0,64}", re.ASCII)
_XID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a phone stands: in this history and scope, everything up to `(xid, rank, id)`. Opaque on the wire."""

    history: str
    scope: str
    policy: str
    xid: int
    rank: int
    id: str

    def encode(self) -> str:
        parts = [self.history, self.scope, self.policy, self.xid, self.rank, self.id]
        return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises ValueError for anything `encode` did not make."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            made = cls(*msgspec.json.decode(raw, type=tuple[str, str, str, int, int, str]))
        except (binascii.Error, msgspec.DecodeError, UnicodeError) as error:
            raise ValueError("not a cursor") from error
        # What goes into a statement must be what the database can compare with.
        if not (0 <= made.xid <= _XID_MAX and 0 <= made.rank <= _XID_MAX and _ID.fullmatch(made.id)):
            raise ValueError("not a cursor")
        return made


@dataclass(frozen=True, slots=True)
class Statement:
    """What the server signs about a phone's day (回执). `digest` is over the confirmed ids, sorted, one a line."""

    history: str
    device: uuid.UUID
    user: int
    day: dt.date
    made: int
    confirmed: int
    digest: str
    at: dt.datetime

    def text(self) -> str:
        """The signed text: fixed lines in a fixed order, so that it can be checked with any tool."""
        return "\n".join([
            "gridkeeper receipt 1",
            f"history {self.history}",
            f"device {self.device}",
            f"user {self.user}",
            f"day {self.day.isoformat()}",
            f"made {self.made}",
            f"confirmed {self.confirmed}",
            f"digest {self.digest}",
            f"at {self.at.astimezone(dt.UTC).isoformat(timespec='seconds')}",
        ])  # fmt: skip
