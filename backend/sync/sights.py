"""What one user may pull (可见范围), and how it is asked for: conditions, values and JSON of each source."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from backend.accounts.models import User
from backend.core import clock
from backend.core.fields import TOWNSHIP_LENGTH
from backend.core.scope import Scope, after, ancestors
from backend.sync.sources import PULL_SOURCES, PullSource
from backend.sync.writing import json_object

Values = dict[str, int | str | dt.date | list[str]]


@dataclass(frozen=True, slots=True)
class Sight:
    """One source, and the cells in which the user may see what it holds. `rank` is its place in the list of sources."""

    rank: int
    source: PullSource
    scope: Scope


def sights_of(user: User, scope: Scope) -> list[Sight]:
    """What the user may pull: a clinic that is alerted at once does not for that know who lives where."""
    scopes = {capability: scope & user.scope(capability) for capability in {s.capability for s in PULL_SOURCES}}
    found = [Sight(rank, source, scopes[source.capability]) for rank, source in enumerate(PULL_SOURCES, start=1)]
    return [sight for sight in found if sight.scope or sight.source.author]


def digest_of(sights: Sequence[Sight]) -> str:
    """Changes when the user may see more or less than before: then a phone starts over."""
    seen = "|".join(f"{sight.rank}:{','.join(sight.scope)}" for sight in sights)
    return hashlib.sha256(seen.encode()).hexdigest()[:12]


def values_of(user: User, sights: Sequence[Sight]) -> Values:
    """What every source may ask for."""
    found: Values = {"now": clock.now(), "today": clock.today(), "user": user.pk}
    for sight in sights:
        for index, prefix in enumerate(sight.scope):
            name = f"{sight.rank}_{index}"
            found[f"from{name}"], found[f"to{name}"] = prefix, after(prefix)
        if sight.source.above:
            found[f"above{sight.rank}"] = _above(sight.scope)
    return found


def is_seen(sight: Sight) -> str:
    """The condition that a row `t` lies in one of the cells, is told to them from above, or is the user's own; and that
    phones are told of it at all."""
    source, rank = sight.source, sight.rank
    parts = [_within(sight, source.region)] if source.inside and sight.scope else []
    if source.above:
        unless = f" AND NOT ({_within(sight, source.unless)})" if source.unless else ""
        parts.append(f"({source.region} = ANY(%(above{rank})s){unless})")
    if source.author:
        parts.append(f"{source.author} = %(user)s")
    return f"({' OR '.join(parts)}) AND {is_told(source)}"


def is_told(source: PullSource) -> str:
    """The condition that phones are told of a row `t`, wherever it lies."""
    return f"({source.where})" if source.where else "TRUE"


def change_of(source: PullSource, key: str) -> str:
    """A row `t` as a change: JSON text, ready to send. `key` is its id as text.

    Kinds, ops and keys (ids and codes) need no escaping.
    """
    if isinstance(source.data, str):
        kind = f"'{source.kind}'" if source.kind else source.data
        data = f"(SELECT row_to_json(d) FROM (SELECT {source.data}) d)::text" if source.kind else ""
    else:
        kind, data = f"'{source.kind}'", json_object(source.data)
    told = f""" || ',"data":' || {data}""" if data else ""
    return f"""'{{"kind":"' || {kind} || '","id":"' || {key} || '","op":"{source.op}"'{told} || '}}'"""


def _within(sight: Sight, column: str) -> str:
    return " OR ".join(
        f"({column} >= %(from{sight.rank}_{i})s AND {column} < %(to{sight.rank}_{i})s)"
        for i in range(len(sight.scope.prefixes))
    )


def _above(scope: Scope) -> list[str]:
    """The villages and townships in which the cells and villages of `scope` lie."""
    near = {code for prefix in scope for code in ancestors(prefix)[:-1]}
    return sorted(code for code in near if len(code) >= TOWNSHIP_LENGTH)
