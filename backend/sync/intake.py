"""From raw bytes to items that are well-formed, each judged by itself. See docs/sync.md, "Items"."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence

import msgspec

from backend.core.errors import ErrorCode
from backend.facts.choices import Verdict
from backend.facts.rules import Arrival, Placed
from backend.policies.selectors import value_of
from backend.sync.schemas import SCHEMAS, Form, UnknownSchemaError
from backend.sync.shapes import CANONICAL, ITEM_DECODER, ITEM_ID_DECODER, MAX_ITEM_BYTES, Body, Item, shape_error

_NO_HASH = b"\0" * 16
#: Said of a record from an app that is ahead of its server: no update of the app would help.
_AHEAD = "这条记录是新版应用做的，服务器还没有更新。记录仍留在手机里，请过些时候再报；急用请交给乡镇（街道）。"


class Incoming(msgspec.Struct, eq=False):
    """One item on its way in. `open` until a verdict settles it.

    `region_code` and `place` are filled in by `references.resolve`: the cell the record belongs to, and the door in
    words where somebody may have to be sent there. `target` is the kind and id of the record that an edit is of, by
    which edits are put in an order in which no two uploads can wait for each other in a ring. `body` and `body_hash`
    are of the kind's current schema, `same_hashes` those of the body in every schema from the one it was sent in.
    `again` where the ledger has the id as that of a rejected item.
    """

    raw: msgspec.Raw
    placed: Placed
    id: uuid.UUID | None = None
    kind: str = ""
    seq: int = 0
    observed_at: dt.datetime | None = None
    body: Body | None = None
    body_hash: bytes = _NO_HASH
    same_hashes: tuple[bytes, ...] = (_NO_HASH,)
    region_code: str = ""
    place: str = ""
    target: tuple[str, uuid.UUID] | None = None
    again: bool = False
    verdict: Verdict | None = None
    error: ErrorCode | None = None
    field: str | None = None
    said: str = ""

    @property
    def open(self) -> bool:
        return self.verdict is None

    def settle(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def reopen(self) -> None:
        """Forget a verdict given inside a transaction that was rolled back."""
        self.verdict = self.error = self.field = None
        self.said = ""

    def clash(self) -> None:
        """Others changed the same: what could be applied is, the rest waits for a choice."""
        self.verdict, self.error = Verdict.CONFLICT, ErrorCode.EDITED_ELSEWHERE

    def reject(self, error: ErrorCode, field: str | None = None, said: str = "") -> None:
        """`said` where the code's own sentence would send somebody the wrong way."""
        self.verdict, self.error, self.field, self.said = Verdict.REJECTED, error, field, said


def read_items(raws: Sequence[msgspec.Raw], *, skew: dt.timedelta, received_at: dt.datetime) -> list[Incoming]:
    """Decode each item; what is malformed is rejected with a code and the path of the field, in its own place."""
    day = received_at.date()
    future = dt.timedelta(minutes=int(value_of("sync.plausible_future_minutes", region_code="", on=day).value))
    past = dt.timedelta(days=int(value_of("sync.plausible_past_days", region_code="", on=day).value))
    arrival = Arrival(received_at=received_at, skew=skew, future=future, past=past)
    unplaced = Placed(received_at, day, False)
    items = [Incoming(raw, unplaced) for raw in raws]
    for item in items:
        _read(item)
        if item.observed_at is not None:
            item.placed = arrival.place(item.observed_at)
    return items


def _read(item: Incoming) -> None:
    if len(item.raw) > MAX_ITEM_BYTES:
        item.id = _id_of(item.raw)
        item.reject(ErrorCode.ITEM_TOO_LARGE)
        return
    try:
        shape = ITEM_DECODER.decode(item.raw)
    except msgspec.DecodeError as error:
        item.id = _id_of(item.raw)
        item.reject(*shape_error(error))
        return
    item.id, item.kind, item.seq, item.observed_at = shape.id, shape.kind, shape.seq, shape.observed_at
    schemas = SCHEMAS.get(shape.kind)
    if schemas is None:
        item.reject(ErrorCode.UNKNOWN_KIND, "kind")
        return
    try:
        forms = schemas.read(shape.schema, shape.body)
    except UnknownSchemaError as error:
        item.reject(ErrorCode.UNKNOWN_SCHEMA, "schema", _AHEAD if error.newer else "")
        return
    except msgspec.DecodeError as error:
        code, path = shape_error(error)
        item.reject(code, f"body.{path}" if path else "body")
        return
    item.body = forms[-1].body
    item.same_hashes = tuple([_hash(shape, form) for form in forms])
    item.body_hash = item.same_hashes[-1]
    if b"\\u0000" in bytes(shape.body):
        # PostgreSQL text cannot hold the character NUL.
        item.reject(ErrorCode.BAD_FIELD, "body")


def _hash(item: Item, form: Form) -> bytes:
    """The same record told in another order of keys is the same record."""
    canonical = CANONICAL.encode([item.kind, form.schema, item.observed_at, form.body])
    return hashlib.blake2b(canonical, digest_size=16).digest()


def _id_of(raw: msgspec.Raw) -> uuid.UUID | None:
    try:
        return ITEM_ID_DECODER.decode(raw).id
    except msgspec.DecodeError:
        return None
