"""A first download (首次下载): source by source, cell by cell, each in the order of an index. See docs/sync.md, "Pull".

In the order of transactions every page would sort all that is still to come. Here a page reads its own rows and no
others: those last written by a transaction below the horizon, which is that of the first page. Such a row stays where
it is for as long as nobody writes to it; who does has a number from the horizon on, and what he did is told behind the
walk (`following`), moves and deletions too. So a walk may be broken off, and go on days later.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import msgspec

from backend.accounts.models import User
from backend.core import sql
from backend.core.scope import after
from backend.sync.rules import Key, Walking
from backend.sync.sights import Sight, Values, change_of, is_seen, is_told, values_of
from backend.sync.sources import PullSource

#: How a key's values are read from a cursor, and what lies below them all.
_TYPES: dict[str, type] = {"text": str, "date": dt.date, "bigint": int, "uuid": uuid.UUID}
_LOWEST: dict[str, Any] = {"text": "", "date": dt.date.min, "bigint": 0, "uuid": uuid.UUID(int=0)}


def walk_begun(*, user: User, sights: Sequence[Sight]) -> Walking:
    """The place before the first row; it knows how many each source has. One statement."""
    seen = [sight for sight in sights if sight.source.at_first]
    counts = "".join(f", (SELECT count(*) FROM {s.source.table} t WHERE {is_seen(s)})" for s in seen)
    horizon, *numbers = sql.fetch(
        f"SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint{counts}", values_of(user, sights)
    )[0]
    left = ((sight.rank, number) for sight, number in zip(seen, numbers, strict=True) if number)
    return Walking(horizon, tuple(left), ())


def fits(place: Walking, sights: Sequence[Sight]) -> bool:
    """Whether it is a place of a walk through these sources."""
    sources = {sight.rank: sight.source for sight in sights}
    if not (place.horizon and place.left and all(rank in sources for rank, _ in place.left)):
        return False
    try:
        _read(sources[place.left[0][0]], place.key)
    except msgspec.ValidationError:
        return False
    return True


def walked(*, user: User, sights: Sequence[Sight], place: Walking, limit: int) -> tuple[list[bytes], Walking | None]:
    """The changes behind `place`, and where they end: None where nothing is left.

    At most `limit`, unless an eighth more is all that is left. A source is asked once for each range of the user's
    cells. Its number of rows never grows on the way: when that many came, it is not asked again.
    """
    seen = {sight.rank: sight for sight in sights}
    values = values_of(user, sights) | {"horizon": place.horizon}
    left, key = list(place.left), place.key
    rest = sum(number for _, number in left)
    room = rest if rest <= limit + limit // 8 else limit
    changes: list[bytes] = []
    while left and len(changes) < room:
        rank, number = left[0]
        found, key = _stretch(seen[rank], key, values, min(number, room - len(changes)))
        changes += found
        left[0] = (rank, number - len(found))
        if not key or len(found) == number:
            del left[0]
            key = ()
    return changes, Walking(place.horizon, tuple(left), key) if left else None


def _stretch(sight: Sight, key: Key, values: Values, room: int) -> tuple[list[bytes], Key]:
    """At most `room` changes of one source behind `key`, and the key of the last; none where the source ends."""
    # Where ids lie within cells: a region has no more than its code, and is looked for in all ranges at once.
    by_cell = sight.source.walk[0][0] == sight.source.region and len(sight.source.walk) > 1
    statement = _statement_by_cell(sight.source) if by_cell else _statement(sight.source, is_seen(sight))
    changes: list[bytes] = []
    for ends, begin in _ranges(sight, key) if by_cell else [({}, _read(sight.source, key))]:
        asked = values | ends | {f"key{n}": value for n, value in enumerate(begin)} | {"room": room - len(changes)}
        rows = sql.fetch_undecoded(statement, asked)
        changes += rows.column(0)
        if len(changes) == room:
            return changes, tuple(msgspec.json.decode(rows.last(1)))
    return changes, ()


def _ranges(sight: Sight, key: Key) -> Iterator[tuple[Values, tuple[Any, ...]]]:
    """The ranges of cells that do not end before `key`, and where in each to begin."""
    for prefix in sight.scope:
        if not key or str(key[0]) < after(prefix):
            amid = bool(key) and str(key[0]) >= prefix
            yield {"to": after(prefix)}, _read(sight.source, key) if amid else (prefix, *_read(sight.source, ())[1:])


@cache
def _statement_by_cell(source: PullSource) -> str:
    return _statement(source, f"{source.region} < %(to)s AND {is_told(source)}")


def _statement(source: PullSource, condition: str) -> str:
    """The changes of one source behind a key; the last of a full page has its own key beside it.

    Key and length are hidden from the planner behind a SELECT each. From their values it would conclude that a page is
    most of what is left, or that "behind a key" is almost nothing, and would sort the rest of the download either way.
    """
    order = ", ".join(column for column, _ in source.walk)
    key = ", ".join(f"(SELECT %(key{n})s::{kind})" for n, (_, kind) in enumerate(source.walk))
    return (
        f"SELECT {change_of(source, f'({source.key})::text')}, CASE row_number() OVER (ORDER BY {order}) "
        f"WHEN %(room)s THEN json_build_array({order})::text END FROM ("
        f"SELECT t.* FROM {source.table} t WHERE t.changed_xid < %(horizon)s AND ({order}) > ({key}) AND {condition} "
        f"ORDER BY {order} LIMIT (SELECT %(room)s::bigint)) t ORDER BY {order}"
    )


def _read(source: PullSource, key: Key) -> tuple[Any, ...]:
    """The values of a key, the lowest for none. Raises msgspec.ValidationError where it is no key of this source."""
    if not key:
        return tuple(_LOWEST[kind] for _, kind in source.walk)
    # A type made while running, from the source's columns: mypy knows none of those.
    kinds: Any = tuple[tuple(_TYPES[kind] for _, kind in source.walk)]  # type: ignore[misc]
    values: tuple[Any, ...] = msgspec.convert(key, kinds)
    return values
