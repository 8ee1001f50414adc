"""The ledger of ids (编号台账) in an upload: what it holds already, what is claimed, what was refused.

An id is claimed with a plain insert, once the ledger was asked. Whoever claims it between the two is noticed by the
unique index: the whole batch is refused by the database then, and goes in anew (`services`). See docs/sync.md.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

import msgspec
from django.db import connection

from backend.accounts.models import User
from backend.core import clock
from backend.core.sql import Question, Rows, answer, execute, fetch
from backend.facts.choices import Verdict
from backend.facts.models import SyncItem
from backend.residents.services import blob_seal
from backend.sync.intake import Incoming
from backend.sync.rules import verdict_of_known
from backend.sync.shapes import CheckBody, VisitBody

REJECTED_KEEP_DAYS = 30


class Entry(msgspec.Struct, array_like=True):
    """What the ledger holds of an id."""

    id: uuid.UUID
    body_hash: bytes
    verdict: str


# Each id is looked up for itself: see `residents.selectors`.
_ENTRIES = """
    SELECT json_agg(json_build_array(s.id, encode(s.body_hash, 'base64'), s.verdict))::text
    FROM json_array_elements_text(%(entries)s::json) AS asked(id)
    CROSS JOIN LATERAL (SELECT * FROM facts_syncitem WHERE id = asked.id::uuid LIMIT 1) s
"""
_ENTRY_ROWS = msgspec.json.Decoder(list[Entry])


def entries_asked(items: Sequence[Incoming]) -> Question[list[Entry]]:
    """What the ledger holds of these items."""
    ids = msgspec.json.encode([item.id for item in items])
    return Question(_ENTRIES, {"entries": ids.decode()}, _read_entries)


def _read_entries(rows: Rows) -> list[Entry]:
    [(found,)] = rows
    return _ENTRY_ROWS.decode(found) if found else []


def settle_known(items: Sequence[Incoming], entries: Sequence[Entry]) -> list[Incoming]:
    """Settle the items whose ids the ledger holds; the others, in their order. A rejected one is open again."""
    if not entries:
        return list(items)
    by_id = {item.id: item for item in items}
    for entry in entries:
        item = by_id[entry.id]
        known = verdict_of_known(
            stored_verdict=entry.verdict, stored_hash=entry.body_hash, same_hashes=item.same_hashes
        )
        if known is None:
            item.again = True
        elif known is Verdict.CONFLICT and entry.body_hash in item.same_hashes:
            item.clash()
        else:
            item.settle(known)
    return [item for item in items if item.open]


def still_unknown(items: Sequence[Incoming]) -> list[Incoming]:
    """Settle what another upload has stored meanwhile; the others."""
    if not items:
        return []
    entries = answer(entries_asked(items))
    return settle_known(items, entries)


# Ids are inserted in order: two uploads of the same items then wait for each other in line, never in a ring.
_CLAIM = """
INSERT INTO facts_syncitem (id, kind, body_hash, device_id, author_id, seq, day, verdict, code, received_at)
SELECT i, k, decode(h, 'base64'), %(device)s, %(author)s, s, d, 'created', '', %(received)s
FROM jsonb_to_recordset(%(items)s::jsonb) AS t(i uuid, k text, h text, s bigint, d date)
ORDER BY i
"""


class _Claim(msgspec.Struct):
    """An item as it travels to `_CLAIM`."""

    i: uuid.UUID | None
    k: str
    h: bytes
    s: int
    d: dt.date


def ids_claim(items: Sequence[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
    """Claim the ids of all `items`, in the caller's transaction; the database refuses it where one is taken."""
    if again := sorted(item.id for item in items if item.again and item.id):
        rejected = SyncItem.objects.filter(pk__in=again, verdict=Verdict.REJECTED)
        list(rejected.select_for_update().order_by("pk"))
        rejected.delete()
    # What catches refusals of its own must not catch this one: before anything but facts is stored, it is waited for.
    run = execute if all(isinstance(item.body, VisitBody | CheckBody) for item in items) else fetch
    rows = [_Claim(item.id, item.kind, item.body_hash, item.seq, item.placed.business_day) for item in items]
    run(
        _CLAIM,
        {
            "device": device, "author": user.pk, "received": received_at,
            "items": msgspec.json.encode(rows).decode(),
        },
    )  # fmt: skip
    for item in items:
        item.settle(Verdict.CREATED)


_KEEP_REJECTED = """
INSERT INTO facts_syncitem (id, kind, body_hash, device_id, author_id, seq, day, verdict, code, received_at)
SELECT i, k, h, %(device)s, %(author)s, s, %(day)s, 'rejected', c, %(received)s
FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(hashes)s::bytea[], %(seqs)s::bigint[], %(codes)s::text[])
    AS t(i, k, h, s, c)
ORDER BY i
ON CONFLICT (id) DO UPDATE SET code = EXCLUDED.code, body_hash = EXCLUDED.body_hash, received_at = EXCLUDED.received_at
WHERE facts_syncitem.verdict = 'rejected'
"""


def rejected_keep(items: Sequence[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
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
