"""What changed since (续传): every source's rows in the order of their transactions. See docs/sync.md, "Pull"."""

from collections.abc import Sequence

from django.db import connection

from backend.accounts.models import User
from backend.core import sql
from backend.sync.rules import Reached
from backend.sync.sights import Sight, change_of, is_seen, values_of

_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def horizon() -> int:
    """All transactions below this number have ended. It never goes back."""
    return int(sql.fetch(_HORIZON, ())[0][0])


def followed(*, user: User, sights: Sequence[Sight], place: Reached, limit: int) -> tuple[list[bytes], Reached, bool]:
    """The changes after `place`, at most `limit`; the place they end at; and whether there are more. One statement.

    Only rows of transactions below the snapshot's xmin are returned: a transaction that commits later than a younger
    one is not skipped, it is waited for. Planned for each call: whether the cells are smaller or what changed follows
    from the values.
    """
    if not sights:
        return [], place, False
    values = values_of(user, sights) | {"xid": place.xid, "rank": place.rank, "id": place.id, "limit": limit + 1}
    statement = (
        f"WITH below AS MATERIALIZED ({_HORIZON} AS xmin) "
        f"SELECT xid, rank, id, body FROM ({' UNION ALL '.join(map(_select, sights))}) AS page "
        'ORDER BY xid, rank, id COLLATE "C" LIMIT %(limit)s'
    )
    with connection.cursor() as db:
        db.execute(statement, values)
        rows = db.fetchall()
    more = len(rows) > limit
    if not rows:
        return [], place, False
    xid, rank, last, _ = rows[:limit][-1]
    return [body.encode() for *_, body in rows[:limit]], Reached(xid, rank, last), more


def _select(sight: Sight) -> str:
    """One source's part of the page. It is cut to the page's length before any of its JSON is written.

    Keys are compared as text, which is how the cursor holds them: UUIDs and codes sort alike either way.
    """
    source, rank = sight.source, sight.rank
    key = f'({source.key})::text COLLATE "C"'
    change = change_of(source, "t.pull_key")
    return (
        f"(SELECT t.changed_xid AS xid, {rank} AS rank, t.pull_key AS id, {change} AS body FROM ("
        f"SELECT t.*, {key} AS pull_key FROM {source.table} t "
        "WHERE t.changed_xid < (SELECT xmin FROM below) AND t.changed_xid >= %(xid)s "
        f"AND (t.changed_xid > %(xid)s OR {rank} > %(rank)s OR ({rank} = %(rank)s AND {key} > %(id)s)) "
        f"AND {is_seen(sight)} ORDER BY t.changed_xid, {source.key} LIMIT %(limit)s) t)"
    )
