"""Pull (下发) and receipts (回执): reads of the phone's protocol. See docs/sync.md."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from django.db import connection

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.scope import Scope, ancestors
from backend.facts.models import SyncItem
from backend.policies.selectors import value_of
from backend.sync.following import followed, horizon
from backend.sync.history import current_history
from backend.sync.rules import Cursor, Reached, Walking
from backend.sync.sights import Sight, digest_of, sights_of
from backend.sync.sources import PULL_SOURCES
from backend.sync.walking import fits, walk_begun, walked

MAX_PAGE = 2000
DEFAULT_PAGE = 500
#: Rules a phone needs to work offline.
PHONE_POLICIES = (
    "fever_threshold", "symptoms.door", "symptoms.monitoring", "temperature.presets", "checks.per_day",
    "monitoring.returnee.days", "alert.acknowledge.hours", "report.cutoff.grid", "report.cutoff.village",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changes; each change is JSON text ready to send, in UTF-8."""

    resync: bool
    cursor: str
    more: bool
    changes: list[bytes]
    scope: Scope
    history: str
    #: Of a first page that is not the last: how many changes the whole download brings, as far as is known now.
    total: int | None = None


class _Found(NamedTuple):
    """Rows of the sources, the place they end at, and whether more follow."""

    changes: list[bytes]
    place: Reached | Walking
    more: bool


def changes_since(*, user: User, cursor: str, limit: int) -> Page:
    """The changes in the user's cells since `cursor` ("" for a first download). Raises BAD_CURSOR.

    A first download walks through what is there (`walking`), and goes on as every later pull does, with what changed
    since (`following`). Another history or scope starts over with `resync`, and so does a cursor from this cluster's
    future: a machine set back to a snapshot keeps its identity, and would say "nothing new" for days.
    """
    scope = user.scope(Capability.SYNC)
    sights = sights_of(user, scope)
    history, digest = current_history(), digest_of(sights)
    changes, rules = _policies(scope)
    at = _read(cursor) if cursor else None
    found, total = None, None
    if at and (at.history, at.scope) == (history, digest):
        found = _onward(user, sights, at.place, limit)
        changes = [] if at.policy == rules and found else changes
    resync = found is None
    if found is None:
        begun = walk_begun(user=user, sights=sights)
        found = _walked(user, sights, begun, begun.horizon, limit)
        changes += _ancestor_regions(scope)
        if found.more:
            total = len(changes) + sum(number for _, number in begun.left)
    onward = Cursor(history, digest, rules, found.place).encode()
    return Page(resync, onward, found.more, [*changes, *found.changes], scope, history, total)


def _read(cursor: str) -> Cursor:
    try:
        return Cursor.decode(cursor)
    except ValueError as error:
        raise ApiError(ErrorCode.BAD_CURSOR, field="cursor") from error


def _onward(user: User, sights: Sequence[Sight], place: Reached | Walking, limit: int) -> _Found | None:
    """What comes behind `place`; None where no page of this cluster can have ended there. Raises BAD_CURSOR."""
    if isinstance(place, Walking):
        if not fits(place, sights):
            raise ApiError(ErrorCode.BAD_CURSOR, field="cursor")
        now = horizon()
        return _walked(user, sights, place, now, limit) if place.horizon <= now else None
    found = _Found(*followed(user=user, sights=sights, place=place, limit=limit))
    # The horizon of a pull never goes back.
    return found if found.changes or place.xid < horizon() else None


def _walked(user: User, sights: Sequence[Sight], place: Walking, now: int, limit: int) -> _Found:
    """What comes behind `place` of a first download; at its end, with what was written since it began (`now`)."""
    changes, onward = walked(user=user, sights=sights, place=place, limit=limit)
    if onward:
        return _Found(changes, onward, True)
    # Of the transactions below the walk's horizon nothing is left.
    reached = Reached(place.horizon - 1, len(PULL_SOURCES) + 1, "")
    if now == place.horizon or len(changes) >= limit:
        return _Found(changes, reached, now > place.horizon)
    later, reached, more = followed(user=user, sights=sights, place=reached, limit=limit - len(changes))
    return _Found(changes + later, reached, more)


def _policies(scope: Scope) -> tuple[list[bytes], str]:
    """The phone's rules as changes, and their digest: they are sent again when any of them differs."""
    region = next(iter(scope), "")
    day = clock.today()
    changes = []
    for key in PHONE_POLICIES:
        rule = value_of(key, region_code=region, on=day)
        data = {"key": key, "value": rule.wire, "unit": rule.unit, "version": rule.version, "clause": rule.basis}
        change = {"kind": "policy", "id": key, "op": "put", "data": data}
        changes.append(msgspec.json.encode(change))
    return changes, hashlib.sha256(b"\n".join(changes)).hexdigest()[:12]


def _ancestor_regions(scope: Scope) -> list[bytes]:
    """The names above the user's cells, for headings; they lie outside the scope and are sent with a first download."""
    codes = {a for code in scope for a in ancestors(code)[:-1]}
    with connection.cursor() as db:
        db.execute(
            "SELECT json_build_object('kind', 'region', 'id', code, 'op', 'put', 'data', json_build_object("
            "'code', code, 'name', name, 'level', level, 'parent', parent_code))::text "
            "FROM regions_region WHERE code = ANY(%s) AND NOT placeholder ORDER BY code",
            [list(codes)],
        )
        return [row[0].encode() for row in db.fetchall()]


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
