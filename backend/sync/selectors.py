"""Pull (下发) and receipts (回执): reads of the phone's protocol. See docs/sync.md."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import TOWNSHIP_LENGTH
from backend.core.scope import Scope, after, ancestors
from backend.facts.models import SyncItem
from backend.policies.selectors import value_of
from backend.sync.history import current_history
from backend.sync.rules import Cursor
from backend.sync.sources import PULL_SOURCES, PullSource

MAX_PAGE = 2000
DEFAULT_PAGE = 500
#: Rules a phone needs to work offline.
PHONE_POLICIES = (
    "fever_threshold", "symptoms.door", "symptoms.monitoring", "temperature.presets", "checks.per_day",
    "monitoring.returnee.days", "alert.acknowledge.hours", "report.cutoff.grid", "report.cutoff.village",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changes; each change is JSON text ready to send."""

    resync: bool
    cursor: str
    more: bool
    changes: list[str]
    scope: Scope
    history: str
    #: Of a first page that is not the last: how many changes the whole download brings, as far as is known now.
    total: int | None = None


def changes_since(*, user: User, cursor: str, limit: int) -> Page:
    """The changes in the user's cells since `cursor` ("" for a first download), oldest first. Raises BAD_CURSOR.

    Only rows of transactions below the snapshot's xmin are returned: a transaction that commits later than a younger
    one is not skipped, it is waited for. Another history or scope starts over with `resync`, and so does a cursor from
    this cluster's future: a machine set back to a snapshot keeps its identity, and would say "nothing new" for days.
    """
    scope = user.scope(Capability.SYNC)
    sights = _sights(user, scope)
    history = current_history()
    policies, digest = _policies(scope)
    fresh = Cursor(history, _digest(sights), "", 0, 0, "")
    at = fresh
    if cursor:
        try:
            at = Cursor.decode(cursor)
        except ValueError as error:
            raise ApiError(ErrorCode.BAD_CURSOR, field="cursor") from error
    resync = not cursor or at.history != history or at.scope != fresh.scope
    if resync:
        at = fresh
    changes = [] if at.policy == digest else policies
    rows = _rows(user=user, sights=sights, at=at, limit=limit + 1) if scope else []
    if scope and not rows and at.xid and _lies_ahead(at.xid):
        resync, at, changes = True, fresh, policies
        rows = _rows(user=user, sights=sights, at=at, limit=limit + 1)
    more = len(rows) > limit
    rows = rows[:limit]
    total = None
    if at is fresh:
        changes = [*changes, *_ancestor_regions(scope)]
        total = len(changes) + _count(user=user, sights=sights) if more else None
    changes = [*changes, *(text for _, _, _, text in rows)]
    xid, rank, last = (rows[-1][0], rows[-1][1], rows[-1][2]) if rows else (at.xid, at.rank, at.id)
    onward = Cursor(history, fresh.scope, digest, xid, rank, last)
    return Page(resync, onward.encode(), more, changes, scope, history, total)


def _lies_ahead(xid: int) -> bool:
    """Whether no page of this cluster can have ended at `xid`: the horizon of a pull never goes back."""
    with connection.cursor() as db:
        db.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint <= %s", [xid])
        return bool(db.fetchone()[0])


@dataclass(frozen=True, slots=True)
class _Sight:
    """One source, and the cells in which the user may see what it holds. `rank` is its place in the list of sources."""

    rank: int
    source: PullSource
    scope: Scope


def _sights(user: User, scope: Scope) -> list[_Sight]:
    """What the user may pull: a clinic that is alerted at once does not for that know who lives where."""
    found = [
        _Sight(rank, source, scope & user.scope(source.capability)) for rank, source in enumerate(PULL_SOURCES, start=1)
    ]
    return [sight for sight in found if sight.scope or sight.source.author]


def _digest(sights: Sequence[_Sight]) -> str:
    """Changes when the user may see more or less than before: then a phone starts over."""
    seen = "|".join(f"{sight.rank}:{','.join(sight.scope)}" for sight in sights)
    return hashlib.sha256(seen.encode()).hexdigest()[:12]


def _rows(*, user: User, sights: Sequence[_Sight], at: Cursor, limit: int) -> list[tuple[int, int, str, str]]:
    """`(xid, rank, id, JSON)` of one page, in one statement over every source."""
    parameters = _parameters(user, sights) | {
        "xid": at.xid, "rank": at.rank, "id": at.id, "limit": limit, "first": at.xid == 0,
    }  # fmt: skip
    selects = map(_select, sights)
    statement = (
        "WITH below AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin) "
        f"SELECT xid, rank, id, body FROM ({' UNION ALL '.join(selects)}) AS page "
        'ORDER BY xid, rank, id COLLATE "C" LIMIT %(limit)s'
    )
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return db.fetchall()


def _count(*, user: User, sights: Sequence[_Sight]) -> int:
    """How many rows a first download brings, in one statement over every source."""
    counts = (
        f"(SELECT count(*) FROM {sight.source.table} t WHERE ({_cells(sight)}) AND ({sight.source.where or 'TRUE'}))"
        for sight in sights
    )
    with connection.cursor() as db:
        db.execute(f"SELECT {' + '.join(counts)}", _parameters(user, sights) | {"first": True})
        return int(db.fetchone()[0])


def _parameters(user: User, sights: Sequence[_Sight]) -> dict[str, int | str | bool | dt.date | list[str]]:
    """What every source may ask for."""
    found: dict[str, int | str | bool | dt.date | list[str]] = {
        "now": clock.now(), "today": clock.today(), "user": user.pk,
    }  # fmt: skip
    for sight in sights:
        for index, prefix in enumerate(sight.scope):
            name = f"{sight.rank}_{index}"
            found[f"from{name}"], found[f"to{name}"] = prefix, after(prefix)
        if sight.source.above:
            found[f"above{sight.rank}"] = _above(sight.scope)
    return found


def _cells(sight: _Sight) -> str:
    """The condition that a row lies in one of the cells, is told to them from above, or is the user's own."""
    source, rank = sight.source, sight.rank
    parts = [_within(sight, source.region)] if source.inside and sight.scope else []
    if source.above:
        unless = f" AND NOT ({_within(sight, source.unless)})" if source.unless else ""
        parts.append(f"({source.region} = ANY(%(above{rank})s){unless})")
    if source.author:
        parts.append(f"{source.author} = %(user)s")
    return " OR ".join(parts)


def _within(sight: _Sight, column: str) -> str:
    return " OR ".join(
        f"({column} >= %(from{sight.rank}_{i})s AND {column} < %(to{sight.rank}_{i})s)"
        for i in range(len(sight.scope.prefixes))
    )


def _above(scope: Scope) -> list[str]:
    """The villages and townships in which the cells and villages of `scope` lie."""
    near = {code for prefix in scope for code in ancestors(prefix)[:-1]}
    return sorted(code for code in near if len(code) >= TOWNSHIP_LENGTH)


def _select(sight: _Sight) -> str:
    """One source's part of the page. It is cut to the page's length before any of its JSON is written.

    Keys are compared as text, which is how the cursor holds them: UUIDs and codes sort alike either way.
    """
    source, rank = sight.source, sight.rank
    key = f'({source.key})::text COLLATE "C"'
    # Put together as text, and a row turned to JSON as a whole: to name and judge each value of each row takes twice as
    # long. Kinds, ops and keys (ids and codes) need no escaping.
    kind = f"'{source.kind}'" if source.kind else source.data
    data = f""" || ',"data":' || (SELECT row_to_json(d) FROM (SELECT {source.data}) d)::text""" if source.kind else ""
    envelope = f"""'{{"kind":"' || {kind} || '","id":"' || t.pull_key || '","op":"{source.op}"'{data} || '}}'"""
    where = f" AND ({source.where})" if source.where else ""
    return (
        f"(SELECT t.changed_xid AS xid, {rank} AS rank, t.pull_key AS id, {envelope} AS body FROM ("
        f"SELECT t.*, {key} AS pull_key FROM {source.table} t "
        "WHERE t.changed_xid < (SELECT xmin FROM below) AND t.changed_xid >= %(xid)s "
        f"AND (t.changed_xid > %(xid)s OR {rank} > %(rank)s OR ({rank} = %(rank)s AND {key} > %(id)s)) "
        f"AND ({_cells(sight)}){where} ORDER BY t.changed_xid, {source.key} LIMIT %(limit)s) t)"
    )


def _policies(scope: Scope) -> tuple[list[str], str]:
    """The phone's rules as changes, and their digest: they are sent again when any of them differs."""
    region = next(iter(scope), "")
    day = clock.today()
    changes = []
    for key in PHONE_POLICIES:
        rule = value_of(key, region_code=region, on=day)
        data = {"key": key, "value": rule.wire, "unit": rule.unit, "version": rule.version, "clause": rule.basis}
        change = {"kind": "policy", "id": key, "op": "put", "data": data}
        changes.append(msgspec.json.encode(change).decode())
    return changes, hashlib.sha256("\n".join(changes).encode()).hexdigest()[:12]


def _ancestor_regions(scope: Scope) -> list[str]:
    """The names above the user's cells, for headings; they lie outside the scope and are sent with a first download."""
    codes = {a for code in scope for a in ancestors(code)[:-1]}
    with connection.cursor() as db:
        db.execute(
            "SELECT json_build_object('kind', 'region', 'id', code, 'op', 'put', 'data', json_build_object("
            "'code', code, 'name', name, 'level', level, 'parent', parent_code))::text "
            "FROM regions_region WHERE code = ANY(%s) AND NOT placeholder ORDER BY code",
            [list(codes)],
        )
        return [row[0] for row in db.fetchall()]


@dataclass(frozen=True, slots=True)
class Receipts:
    """What the server holds of one device and day. `digest` is over the sorted `id verdict` lines."""

    items: list[tuple[uuid.UUID, str]]
    counts: dict[str, int]
    digest: str


def receipts_of(*, user: User, day: dt.date, device: uuid.UUID | None) -> Receipts:
    """The verdicts on the user's own items of `day`, by id. One query."""
    rows = SyncItem.objects.filter(author_id=user.pk, day=day)
    if device is not None:
        rows = rows.filter(device_id=device)
    items = list(rows.order_by("id").values_list("id", "verdict"))
    counts: dict[str, int] = {"created": 0, "rejected": 0, "conflict": 0}
    for _, verdict in items:
        counts[verdict] = counts.get(verdict, 0) + 1
    lines = "\n".join(f"{item} {verdict}" for item, verdict in items)
    return Receipts(items, counts, hashlib.sha256(lines.encode()).hexdigest())
