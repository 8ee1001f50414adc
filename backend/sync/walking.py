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

_TYPES = {"text": str, "date": dt.date, "bigint": int, "uuid": uuid.UUID}


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
        _key_values(sources[place.left[0][0]], place.key)
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
    source, changes = sight.source, list[bytes]()
    for statement, given in _questions(sight, key):
        asked = values | given | _key_values(source, key) | {"room": room - len(changes)}
        rows = sql.fetch_undecoded(statement, asked)
        changes += rows.column(0)
        if len(changes) == room:
            return changes, tuple(msgspec.json.decode(rows.last(1)))
    return changes, ()


def _questions(sight: Sight, key: Key) -> Iterator[tuple[str, Values]]:
    """What to ask for the rest of a source: a statement for each range of cells, or one where no index runs by cell."""
    source = sight.source
    if not _by_cell(source):
        yield _statement(source, is_seen(sight), behind=bool(key)), {}
        return
    for prefix in sight.scope:
        if not key or str(key[0]) < after(prefix):
            behind = bool(key) and str(key[0]) >= prefix
            yield _statement_by_cell(source, behind=behind), {"from": prefix, "to": after(prefix)}


def _by_cell(source: PullSource) -> bool:
    return source.walk[0][0] == source.region


@cache
def _statement_by_cell(source: PullSource, *, behind: bool) -> str:
    lower = "" if behind else f"{source.region} >= %(from)s AND "
    return _statement(source, f"{lower}{source.region} < %(to)s AND {is_told(source)}", behind=behind)


def _statement(source: PullSource, condition: str, *, behind: bool) -> str:
    """The changes of one source, `behind` a key or from the first; the last of a full page has its key beside it.

    Key and length are hidden from the planner behind a SELECT each. From their values it would conclude that a page is
    most of what is left, or that "behind a key" is almost nothing, and would sort the rest of the download either way.
    """
    columns = [column for column, _ in source.walk]
    order = ", ".join(columns)
    if behind:
        key = ", ".join(f"(SELECT %(key{n})s::{kind})" for n, (_, kind) in enumerate(source.walk))
        condition = f"({order}) > ({key}) AND {condition}"
    return (
        f"SELECT {change_of(source, f'({source.key})::text')}, CASE row_number() OVER (ORDER BY {order}) "
        f"WHEN %(room)s THEN json_build_array({order})::text END FROM ("
        f"SELECT t.* FROM {source.table} t WHERE t.changed_xid < %(horizon)s AND {condition} "
        f"ORDER BY {order} LIMIT (SELECT %(room)s::bigint)) t ORDER BY {order}"
    )


def _key_values(source: PullSource, key: Key) -> dict[str, Any]:
    """A key by the names it has in a statement. Raises msgspec.ValidationError where it is none of this source."""
    if not key:
        return {}
    kinds: Any = tuple[tuple(_TYPES[kind] for _, kind in source.walk)]  # type: ignore[misc]
    return {f"key{n}": value for n, value in enumerate(msgspec.convert(key, kinds))}
