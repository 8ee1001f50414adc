"""Pure decisions of the protocol: what to answer when an id was seen before, and the cursor's text."""

import base64
import binascii
from dataclasses import dataclass

import msgspec

from backend.facts.choices import Verdict


def verdict_of_known(*, stored_verdict: str, stored_hash: bytes, body_hash: bytes) -> Verdict | None:
    """The verdict on an id that the ledger holds; None when the item may still be judged anew.

    A rejected item claims nothing: the phone may send it again under the same id, mended or not.
    """
    if stored_verdict == Verdict.REJECTED:
        return None
    return Verdict.DUPLICATE if stored_hash == body_hash else Verdict.CONFLICT


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
            return cls(*msgspec.json.decode(raw, type=tuple[str, str, str, int, int, str]))
        except (binascii.Error, msgspec.DecodeError, UnicodeError) as error:
            raise ValueError("not a cursor") from error
