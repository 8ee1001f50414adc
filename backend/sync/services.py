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
from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from backend.accounts.models import User
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ErrorCode
from backend.core.sql import answers, pipelined_transaction
from backend.facts.choices import Verdict
from backend.facts.rules import clock_skew
from backend.sync.editing import store_edits
from backend.sync.intake import Incoming, read_items
from backend.sync.known import Found, Known, Named, Questions, first_questions
from backend.sync.ledger import ids_claim, rejected_keep, settle_known, still_unknown
from backend.sync.references import resolve
from backend.sync.referrals import store_referrals
from backend.sync.shapes import Envelope
from backend.sync.storing import store_facts, store_registers

#: The answers where nothing was asked.
NOTHING_FOUND: Found = ([], {})
_VERDICTS = tuple((verdict.value, verdict) for verdict in Verdict)
#: Said of an edit whose other fields are stored: the code's own sentence is of one that was refused whole.
CLASHED = "这条修改中有的内容他人已先改过，请选择保留哪一个；其余内容已保存。"


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


@dataclass(frozen=True, slots=True)
class Opened:
    """An upload that was read, before anything was asked about its items.

    `fresh` are the items that no look at the batch itself has settled, `repeated` the pairs (copy, first) of an id that
    occurs twice, `named` what the fresh speak of.
    """

    envelope: Envelope
    received_at: dt.datetime
    skew: dt.timedelta
    items: list[Incoming]
    fresh: list[Incoming]
    repeated: list[tuple[Incoming, Incoming]]
    named: Named

    @property
    def questions(self) -> Questions:
        """What must be asked before anything is judged."""
        return first_questions(self.fresh, self.named)


def batch_open(envelope: Envelope) -> Opened:
    """Read an upload. Never raises for a bad item; asks nothing but the rules in force, where those at hand are old."""
    received_at = clock.now()
    skew = clock_skew(received_at=received_at, sent_at=envelope.sent_at)
    items = read_items(envelope.items, skew=skew, received_at=received_at)
    repeated = _judge_repeated(items)
    fresh = [item for item in items if item.open]
    return Opened(envelope, received_at, skew, items, fresh, repeated, Named(fresh))


def batch_push(*, user: User, envelope: Envelope) -> Pushed:
    """Judge and store one upload. Never raises for a bad item; raises OperationalError when the database is away."""
    opened = batch_open(envelope)
    return batch_store(user=user, opened=opened, found=answers(*opened.questions) if opened.fresh else NOTHING_FOUND)


def batch_store(*, user: User, opened: Opened, found: Found) -> Pushed:
    """As `batch_push`, for what was read and asked already. `found` are the answers to `opened.questions`."""
    fresh, items = opened.fresh, opened.items
    if fresh:
        known = Known(opened.named, user, found)
        # What a register says of a household or a person must not hang on an item that was stored long ago.
        fresh = settle_known(fresh, known.entries)
        resolve(fresh, known)
        fresh = [item for item in fresh if item.open]
    upload = _Upload(user, opened.envelope, opened.received_at, opened.skew, items)
    try:
        with pipelined_transaction():
            upload.store(fresh)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        for item in fresh:
            item.reopen()
        upload.store_halving(fresh)
    _answer_alike(opened.repeated)
    return Pushed([_result(item) for item in items], opened.skew, _count(items))


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
        fresh = still_unknown(fresh)
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
                for item in still_unknown(fresh):
                    item.reject(ErrorCode.STORAGE_REFUSED)
                return
            middle = len(fresh) // 2
            self._halve(fresh[:middle])
            self._halve(fresh[middle:])

    def _claim(self, fresh: list[Incoming]) -> list[Incoming]:
        if not fresh:
            return []
        ids_claim(fresh, user=self.user, device=self.envelope.device, received_at=self.received_at)
        store_registers(fresh, user=self.user, device=self.envelope.device, received_at=self.received_at)
        store_edits(fresh, user=self.user, device=self.envelope.device, received_at=self.received_at)
        store_referrals(fresh, user=self.user, device=self.envelope.device, received_at=self.received_at)
        return [item for item in fresh if item.verdict is Verdict.CREATED]

    def _facts(self, claimed: list[Incoming]) -> None:
        store_facts(claimed, user=self.user, device=self.envelope.device, received_at=self.received_at)

    def write_books(self) -> None:
        """The rejected, and the audit entry: what came of the upload, and how far behind the phone's clock was."""
        if not self.items:
            return
        rejected_keep(self.items, user=self.user, device=self.envelope.device, received_at=self.received_at)
        audit_record(
            actor=self.user, action="sync.push", target_kind="device", target_id=self.envelope.device,
            region=next(iter(self.user.scope()), ""),
            detail={**_count(self.items), "skew_seconds": round(self.skew.total_seconds(), 1)},
        )  # fmt: skip


def _count(items: Sequence[Incoming]) -> dict[str, int]:
    seen = Counter([item.verdict for item in items])
    return {name: seen[verdict] for name, verdict in _VERDICTS}


def _result(item: Incoming) -> ItemResult:
    verdict = item.verdict or Verdict.REJECTED
    if item.error is ErrorCode.EDITED_ELSEWHERE:
        return ItemResult(item.id, verdict, item.error.code, None, CLASHED)
    if verdict is Verdict.CONFLICT:
        return ItemResult(item.id, verdict, ErrorCode.ID_REUSED.code, None, ErrorCode.ID_REUSED.message)
    if item.error is None:
        return ItemResult(item.id, verdict)
    return ItemResult(item.id, verdict, item.error.code, item.field, item.said or item.error.message)
