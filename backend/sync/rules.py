"""Pure decisions of the protocol: what to answer when an id was seen before, the cursor's text, a receipt's text."""

import base64
import binascii
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

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


#: What goes into a statement must be what the database can compare with.
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
#: Ids of changes are UUIDs, region codes and names of rules.
_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{0,64}\Z")]


class Reached(msgspec.Struct, frozen=True, array_like=True, tag="r"):
    """Everything is there that transactions wrote up to `(xid, rank, id)`."""

    xid: _Number
    rank: _Number
    id: _Id


#: The values that a row is ordered by in a first download; none before its first row.
Key = tuple[_Number | _Id, ...]


class Walking(msgspec.Struct, frozen=True, array_like=True, tag="w"):
    """Amid a first download of what transactions below `horizon` wrote, source by source.

    `left` has the sources still to come as `(rank, rows at most)`, the one under way first; `key` is its last row's.
    """

    horizon: _Number
    left: tuple[tuple[_Number, _Number], ...]
    key: Key


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a phone stands, in this history and scope, with these rules. Opaque on the wire."""

    history: str
    scope: str
    policy: str
    place: Reached | Walking

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises ValueError for anything `encode` did not make."""
        try:
            return _CURSOR.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, msgspec.DecodeError, UnicodeError) as error:
            raise ValueError("not a cursor") from error


_CURSOR = msgspec.json.Decoder(Cursor)


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
