"""What changed since (续传): every source's rows in the order of their transactions. See docs/sync.md, "Pull"."""

from collections.abc import Sequence

from django.db import connection

from backend.accounts.models import User
from backend.core import sql
from backend.core.postgresql.line import Rows
from backend.sync.rules import Reached
from backend.sync.sights import Sight, Values, change_of, is_seen, values_of

_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def horizon() -> int:
    """All transactions below this number have ended. It never goes back."""
    return int(sql.fetch(_HORIZON, ())[0][0])


def followed(*, user: User, sights: Sequence[Sight], place: Reached, limit: int) -> tuple[list[bytes], Reached, bool]:
    """The changes after `place`, at most `limit`; the place they end at; and whether there are more. One statement.

    Only rows of transactions below the snapshot's xmin are returned: a transaction that commits later than a younger
    one is not skipped, it is waited for.
    """
    if not sights:
        return [], place, False
    values = values_of(user, sights) | {"xid": place.xid, "rank": place.rank, "id": place.id, "limit": limit + 1}
    statement = (
        f"WITH below AS MATERIALIZED ({_HORIZON} AS xmin) "
        f"SELECT xid, rank, id, body FROM ({' UNION ALL '.join(map(_select, sights))}) AS page "
        'ORDER BY xid, rank, id COLLATE "C" LIMIT %(limit)s'
    )
    rows = _asked(statement, values, prepared=all(len(sight.scope.prefixes) <= 1 for sight in sights))
    more = len(rows) > limit
    if not rows:
        return [], place, False
    xid, rank, last, _ = rows[:limit][-1]
    return [body.encode() for *_, body in rows[:limit]], Reached(xid, rank, last), more


def _asked(statement: str, values: Values, *, prepared: bool) -> Rows:
    """For one range of cells, as nearly all users have, the statement is prepared: planning it over partitions takes
    longer than to find nothing new. Each table with many rows has an index by cell and transaction, the right one for
    any values. A kept plan takes megabytes of each connection: other forms of the statement are not kept.
    """
    if prepared:
        return sql.fetch(statement, values)
    with connection.cursor() as db:
        db.execute(statement, values)
        rows: Rows = db.fetchall()
    return rows


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
        f"AND (t.changed_xid > %(xid)s OR {rank} > %(rank)s::bigint OR ({rank} = %(rank)s::bigint AND {key} > %(id)s)) "
        f"AND {is_seen(sight)} ORDER BY t.changed_xid, {source.key} LIMIT %(limit)s) t)"
    )
