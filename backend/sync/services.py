"""Push (上报): records in, a verdict per item, nothing lost and nothing twice. The protocol is docs/sync.md.

One transaction claims every id in the ledger and stores every fact, in a number of statements that does not grow with
the batch. Should the database refuse something that validation let pass, the batch is halved until the one item that
cannot be stored stands alone and is sent back; the others are stored.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from backend.accounts.models import User
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ErrorCode
from backend.core.ids import new_id
from backend.core.sql import execute, fetch, pipelined_transaction
from backend.facts.choices import Verdict
from backend.facts.models import SyncItem
from backend.facts.rules import clock_skew
from backend.residents.services import blob_seal
from backend.sync.choices import ItemKind
from backend.sync.editing import store_edits
from backend.sync.intake import Incoming, read_items
from backend.sync.references import resolve
from backend.sync.rules import verdict_of_known
from backend.sync.shapes import Envelope
from backend.sync.storing import store_facts, store_registers

REJECTED_KEEP_DAYS = 30
_VERDICTS = tuple((verdict.value, verdict) for verdict in Verdict)
#: Said of an edit whose other fields are stored: the code's own sentence is of one that was refused whole.
CLASHED = "这条修改中有的内容他人已先改过，请选择保留哪一个；其余内容已保存。"
#: Kinds that bring something other items of the batch may speak of.
REGISTERS = (ItemKind.HOUSEHOLD, ItemKind.RETURNEE)


class ItemResult(msgspec.Struct, omit_defaults=True):
    """The verdict on one item, as it goes out. `id` is None only where the item had none that could be read."""

    id: uuid.UUID | None
    verdict: Verdict
    code: str | None = None
    field: str | None = None
    message: str | None = None


@dataclass(slots=True)
class Pushed:
    """What came of a batch."""

    results: list[ItemResult]
    skew: dt.timedelta
    counts: dict[str, int] = field(default_factory=dict)


def batch_push(*, user: User, envelope: Envelope) -> Pushed:
    """Judge and store one upload. Never raises for a bad item; raises OperationalError when the database is away."""
    received_at = clock.now()
    skew = clock_skew(received_at=received_at, sent_at=envelope.sent_at)
    items = read_items(envelope.items, skew=skew, received_at=received_at)
    repeated = _judge_repeated(items)
    if any(item.kind in REGISTERS for item in items):
        # What a register says of a household or a person must not hang on an item that was stored long ago.
        _judge_known([item for item in items if item.open])
    fresh = [item for item in items if item.open]
    resolve(fresh, user=user)
    _judge_known([item for item in fresh if not item.open])
    fresh = [item for item in fresh if item.open]
    upload = _Upload(user, envelope, received_at, skew, items)
    try:
        with pipelined_transaction():
            upload.store(fresh)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        for item in fresh:
            item.reopen()
        upload.store_halving(fresh)
    _answer_alike(repeated)
    return Pushed([_result(item) for item in items], skew, _count(items))


def _judge_repeated(items: Sequence[Incoming]) -> list[tuple[Incoming, Incoming]]:
    """Settle what an earlier item of this very batch already brings under the same id; the pairs (copy, first)."""
    repeated = []
    seen: dict[uuid.UUID, Incoming] = {}
    for item in items:
        if item.id is None or not item.open:
            continue
        first = seen.setdefault(item.id, item)
        if first is not item:
            item.settle(Verdict.DUPLICATE if first.body_hash == item.body_hash else Verdict.CONFLICT)
            repeated.append((item, first))
    return repeated


def _answer_alike(repeated: Sequence[tuple[Incoming, Incoming]]) -> None:
    """A copy of what was refused or clashed is answered alike: "duplicate" would let the phone drop it."""
    for copy, first in repeated:
        if first.verdict is Verdict.REJECTED and first.error is not None:
            copy.reject(first.error, first.field, first.said)
        elif first.verdict is Verdict.CONFLICT and copy.verdict is Verdict.DUPLICATE:
            copy.verdict, copy.error = first.verdict, first.error


def _judge_known(items: Sequence[Incoming]) -> None:
    """Settle the items whose ids the ledger already holds, whatever was thought of them so far."""
    if not items:
        return
    by_id = {item.id: item for item in items}
    for known_id, body_hash, verdict in SyncItem.objects.filter(id__in=list(by_id)).values_list(
        "id", "body_hash", "verdict"
    ):
        item = by_id[known_id]
        known = verdict_of_known(
            stored_verdict=verdict, stored_hash=bytes(body_hash), same_hashes=item.same_hashes
        )  # fmt: skip
        if known is not None:
            item.reopen()
            if known is Verdict.CONFLICT and bytes(body_hash) in item.same_hashes:
                item.clash()
            else:
                item.settle(known)


@dataclass(frozen=True)
class _Upload:
    """One batch and what surrounds it."""

    user: User
    envelope: Envelope
    received_at: dt.datetime
    skew: dt.timedelta
    items: list[Incoming]

    def store(self, fresh: list[Incoming]) -> None:
        """Claim, register, write the books, store facts. Facts go last: their alerts take the lock of the event log."""
        claimed = self._claim(fresh)
        self.write_books()
        self._facts(claimed)

    def store_halving(self, fresh: list[Incoming]) -> None:
        """As `store`, with every storable item stored and the one that is not sent back; the books come last."""
        self._halve(fresh)
        with transaction.atomic():
            self.write_books()

    def _halve(self, fresh: list[Incoming]) -> None:
        if not fresh:
            return
        try:
            with transaction.atomic():
                self._facts(self._claim(fresh))
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            for item in fresh:
                item.reopen()
            if len(fresh) == 1:
                fresh[0].reject(ErrorCode.STORAGE_REFUSED)
                return
            middle = len(fresh) // 2
            self._halve(fresh[:middle])
            self._halve(fresh[middle:])

    def _claim(self, fresh: list[Incoming]) -> list[Incoming]:
        if not fresh:
            return []
        claimed = _claim(fresh, user=self.user, device=self.envelope.device, received_at=self.received_at)
        store_registers(claimed, user=self.user, device=self.envelope.device, received_at=self.received_at)
        store_edits(claimed, user=self.user, device=self.envelope.device, received_at=self.received_at)
        return [item for item in claimed if item.verdict is Verdict.CREATED]

    def _facts(self, claimed: list[Incoming]) -> None:
        store_facts(claimed, user=self.user, device=self.envelope.device, received_at=self.received_at)

    def write_books(self) -> None:
        """The rejected, the batch and the audit entry."""
        if not self.items:
            return
        _keep_rejected(self.items, user=self.user, device=self.envelope.device, received_at=self.received_at)
        _write_batch(
            _count(self.items), user=self.user, envelope=self.envelope, received_at=self.received_at, skew=self.skew,
            items=len(self.items),
        )  # fmt: skip


# Ids are inserted in order: two uploads of the same items then wait for each other in line, never in a ring.
_CLAIM = """
WITH claimed AS (
INSERT INTO facts_syncitem (id, kind, body_hash, device_id, author_id, seq, day, verdict, code, received_at)
SELECT i, k, decode(h, 'base64'), %(device)s, %(author)s, s, d, 'created', '', %(received)s
FROM jsonb_to_recordset(%(items)s::jsonb) AS t(i uuid, k text, h text, s bigint, d date)
ORDER BY i
ON CONFLICT (id) DO UPDATE SET kind = EXCLUDED.kind, body_hash = EXCLUDED.body_hash, device_id = EXCLUDED.device_id,
    author_id = EXCLUDED.author_id, seq = EXCLUDED.seq, day = EXCLUDED.day, verdict = 'created', code = '',
    received_at = EXCLUDED.received_at
WHERE facts_syncitem.verdict = 'rejected'
RETURNING id
)
SELECT count(*), CASE WHEN count(*) < %(asked)s THEN json_agg(id) END::text FROM claimed
"""


class _Asked(msgspec.Struct):
    """An item as it travels to `_CLAIM`."""

    i: uuid.UUID | None
    k: str
    h: bytes
    s: int
    d: dt.date


#: Some of the claimed, where others had been stored before.
_CLAIMED = msgspec.json.Decoder(set[uuid.UUID])


def _claim(items: list[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> list[Incoming]:
    """The items whose ids are now ours; the others were stored by somebody else a moment ago and are settled."""
    rows = [_Asked(item.id, item.kind, item.body_hash, item.seq, item.placed.business_day) for item in items]
    [(count, some)] = fetch(
        _CLAIM,
        {
            "device": device, "author": user.pk, "received": received_at, "asked": len(rows),
            "items": msgspec.json.encode(rows).decode(),
        },
    )  # fmt: skip
    claimed = items
    if count < len(items):
        ours = _CLAIMED.decode(some or "[]")
        claimed = [item for item in items if item.id in ours]
        _judge_known([item for item in items if item.id not in ours])
    for item in claimed:
        item.settle(Verdict.CREATED)
    return claimed


_KEEP_REJECTED = """
INSERT INTO facts_syncitem (id, kind, body_hash, device_id, author_id, seq, day, verdict, code, received_at)
SELECT i, k, h, %(device)s, %(author)s, s, %(day)s, 'rejected', c, %(received)s
FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(hashes)s::bytea[], %(seqs)s::bigint[], %(codes)s::text[])
    AS t(i, k, h, s, c)
ORDER BY i
ON CONFLICT (id) DO UPDATE SET code = EXCLUDED.code, body_hash = EXCLUDED.body_hash, received_at = EXCLUDED.received_at
WHERE facts_syncitem.verdict = 'rejected'
"""


def _keep_rejected(items: Sequence[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
    """Note refused ids in the ledger and keep their bodies, sealed: nothing that somebody wrote down is thrown away."""
    rejected = {item.id: item for item in items if item.verdict is Verdict.REJECTED and item.id is not None}
    unreadable = [item for item in items if item.verdict is Verdict.REJECTED and item.id is None]
    if rejected:
        rows = list(rejected.values())
        with connection.cursor() as cursor:
            cursor.execute(
                _KEEP_REJECTED,
                {
                    "device": device, "author": user.pk, "received": received_at,
                    "day": clock.business_day(received_at), "ids": list(rejected),
                    "kinds": [item.kind[:20] for item in rows], "hashes": [item.body_hash for item in rows],
                    "seqs": [item.seq for item in rows],
                    "codes": [item.error.code if item.error else "" for item in rows],
                },
            )  # fmt: skip
    if rejected or unreadable:
        bodies = [bytes(item.raw) for item in (*rejected.values(), *unreadable)]
        blob_seal(
            purpose="rejected_item",
            content=b"[" + b",".join(bodies) + b"]",
            region_code=next(iter(user.scope()), ""),
            author_id=user.pk,
            keep_days=REJECTED_KEEP_DAYS,
        )


def _count(items: Sequence[Incoming]) -> dict[str, int]:
    seen = Counter([item.verdict for item in items])
    return {name: seen[verdict] for name, verdict in _VERDICTS}


_BATCH = """
INSERT INTO facts_batch (id, device_id, author_id, sent_at, received_at, skew_seconds, items, created, rejected)
VALUES (%(id)s, %(device)s, %(author)s, %(sent)s, %(received)s, %(skew)s, %(items)s, %(created)s, %(rejected)s)
"""


def _write_batch(
    counts: dict[str, int],
    *,
    user: User,
    envelope: Envelope,
    received_at: dt.datetime,
    skew: dt.timedelta,
    items: int,
) -> None:
    batch = new_id()
    execute(
        _BATCH,
        {
            "id": batch, "device": envelope.device, "author": user.pk, "sent": envelope.sent_at,
            "received": received_at, "skew": skew.total_seconds(), "items": items,
            "created": counts[Verdict.CREATED], "rejected": counts[Verdict.REJECTED],
        },
    )  # fmt: skip
    audit_record(
        actor=user, action="sync.push", target_kind="batch", target_id=batch, region=next(iter(user.scope()), ""),
        detail=counts,
    )  # fmt: skip


def _result(item: Incoming) -> ItemResult:
    verdict = item.verdict or Verdict.REJECTED
    if item.error is ErrorCode.EDITED_ELSEWHERE:
        return ItemResult(item.id, verdict, item.error.code, None, CLASHED)
    if verdict is Verdict.CONFLICT:
        return ItemResult(item.id, verdict, ErrorCode.ID_REUSED.code, None, ErrorCode.ID_REUSED.message)
    if item.error is None:
        return ItemResult(item.id, verdict)
    return ItemResult(item.id, verdict, item.error.code, item.field, item.said or item.error.message)
