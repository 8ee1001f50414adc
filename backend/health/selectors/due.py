"""Which checks a day asks for, and what became of each: done, still due, or missed. Set-based.

A check is expected of everybody whose term holds the day, once per session of policy `checks.sessions`, unless the
person was registered after that session's deadline (`checks.due_by`): nobody owes what nobody could know. A check made
all the same counts. It is done when somebody was reached; a replaced or doubtful record does not count.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from backend.core import clock
from backend.core.scope import Scope, after
from backend.health.choices import DueState
from backend.health.rules import due_state
from backend.policies.selectors import PolicyMissingError, value_of
from backend.residents.rules import place_text

# Every statement below is made of these pieces; whatever comes from outside is a parameter.
# `last_day` is what is known now; a term that ended after `as_of` was still running then, to its full length.
_EXPECTED = """
WITH term AS (
    SELECT m.id, m.person_id, m.region_code, m.from_day, m.to_day, m.registered_at
    FROM health_monitoring m
    WHERE m.first_day <= %(day)s AND m.registered_at <= %(as_of)s
      AND CASE WHEN m.ended_at > %(as_of)s THEN m.to_day ELSE m.last_day END >= %(day)s
      AND (m.state <> 'cancelled' OR m.ended_at > %(as_of)s)
      AND EXISTS (
        SELECT FROM unnest(%(lows)s::text[], %(highs)s::text[]) AS s(low, high)
        WHERE m.region_code >= s.low COLLATE "C" AND m.region_code < s.high COLLATE "C"
      )
), expected AS (
    SELECT t.*, s.session, s.deadline
    FROM term t
    JOIN unnest(%(cells)s::text[], %(sessions)s::text[], %(deadlines)s::timestamptz[]) AS s(cell, session, deadline)
      ON s.cell = t.region_code
), owed AS (
    SELECT e.*, c.id AS check_id, c.reachable, c.temperature, c.symptoms, c.method, c.fever, c.symptomatic,
        c.corrected_at, c.author_name
    FROM expected e
    LEFT JOIN LATERAL (
        SELECT k.* FROM health_dailycheck k
        WHERE k.person_id = e.person_id AND k.business_day = %(day)s AND k.session = e.session AND NOT k.doubtful
          AND k.received_at <= %(as_of)s
          AND NOT EXISTS (
            SELECT FROM health_dailycheck r
            WHERE r.person_id = k.person_id AND r.business_day = k.business_day AND r.replaces_id = k.id
              AND r.received_at <= %(as_of)s
          )
        ORDER BY k.reachable DESC, k.corrected_at DESC, k.id LIMIT 1
    ) c ON true
    WHERE e.registered_at <= e.deadline OR c.reachable
)
"""
_CELLS = """
SELECT DISTINCT m.region_code FROM health_monitoring m
WHERE m.first_day <= %(day)s AND m.to_day >= %(day)s
  AND EXISTS (
    SELECT FROM unnest(%(lows)s::text[], %(highs)s::text[]) AS s(low, high)
    WHERE m.region_code >= s.low COLLATE "C" AND m.region_code < s.high COLLATE "C"
  )
"""
_COLUMNS = """
SELECT o.person_id, p.household_id, o.region_code, p.name_masked, p.phone_last4, p.address, h.address, h.building,
    h.unit, h.door, o.from_day, o.to_day, o.session, o.deadline, o.check_id, coalesce(o.reachable, false),
    o.temperature, coalesce(o.symptoms, '{}'), o.method, coalesce(o.fever, false), coalesce(o.symptomatic, false),
    o.corrected_at, o.author_name
"""
_PLACES = """
JOIN residents_person p ON p.id = o.person_id
LEFT JOIN residents_household h ON h.id = p.household_id
"""
_MISSED = f"""{_EXPECTED} {_COLUMNS} FROM owed o {_PLACES}
WHERE o.reachable IS NOT TRUE AND o.deadline < %(as_of)s
ORDER BY o.region_code, o.person_id, o.deadline
"""
# Pages count people, so that the sessions of one person are never torn apart.
_PAGE = f"""{_EXPECTED}, page AS (
    SELECT o.person_id, o.region_code, h.sort_key FROM owed o {_PLACES}
    WHERE %(state)s::text IS NULL OR %(state)s = CASE
        WHEN o.reachable THEN 'done' WHEN o.deadline < %(as_of)s THEN 'missed' ELSE 'due' END
    GROUP BY o.person_id, o.region_code, h.sort_key
    ORDER BY o.region_code, h.sort_key NULLS LAST, o.person_id LIMIT %(limit)s OFFSET %(offset)s
) {_COLUMNS} FROM page JOIN owed o USING (person_id, region_code) {_PLACES}
ORDER BY o.region_code, h.sort_key NULLS LAST, o.person_id, o.deadline
"""
_WITH_STATE = f"""{_EXPECTED}
SELECT DISTINCT o.person_id FROM owed o
WHERE %(state)s = CASE WHEN o.reachable THEN 'done' WHEN o.deadline < %(as_of)s THEN 'missed' ELSE 'due' END
"""
_COUNTS = f"""{_EXPECTED}
SELECT o.region_code, o.session, count(*), count(*) FILTER (WHERE o.reachable),
    count(*) FILTER (WHERE o.reachable IS NOT TRUE AND o.deadline < %(as_of)s)
FROM owed o GROUP BY o.region_code, o.session ORDER BY o.region_code, o.session
"""
_MADE = """
SELECT DISTINCT k.person_id, k.business_day, k.session FROM health_dailycheck k
WHERE k.person_id = ANY(%(people)s) AND k.reachable AND NOT k.doubtful
  AND NOT EXISTS (SELECT FROM health_dailycheck r WHERE r.person_id = k.person_id AND r.replaces_id = k.id)
"""
_EVERYWHERE = ("", ":")


@dataclass(frozen=True, slots=True)
class DueCheck:
    """One expected check. `attempted`: somebody tried and reached nobody."""

    person_id: uuid.UUID
    household_id: uuid.UUID | None
    region_code: str
    name_masked: str
    phone_last4: str
    place: str
    monitor_from: dt.date
    monitor_to: dt.date
    session: str
    deadline: dt.datetime
    state: DueState
    attempted: bool
    check_id: uuid.UUID | None
    temperature: Any
    symptoms: tuple[str, ...]
    method: str | None
    fever: bool
    symptomatic: bool
    checked_at: dt.datetime | None
    author_name: str | None


@dataclass(frozen=True, slots=True)
class CheckCounts:
    """Expected checks of one cell and session, and how many of them are done or missed; the rest is still due."""

    region_code: str
    session: str
    expected: int
    done: int
    missed: int

    @property
    def due(self) -> int:
        return self.expected - self.done - self.missed


def checks_made(*, person_ids: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, dt.date, str]]:
    """`(person, day, session)` of every check of these people that counts as done. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_MADE, {"people": list(person_ids)})
        return cursor.fetchall()


def checks_missed(*, day: dt.date, now: dt.datetime) -> list[DueCheck]:
    """Every check of `day`, anywhere, whose deadline has passed undone. Two queries."""
    return [_due(row, now) for row in _fetch(_MISSED, day, now, [_EVERYWHERE])]


def check_counts_by_cell(*, day: dt.date, as_of: dt.datetime, scope: Scope | None = None) -> list[CheckCounts]:
    """Per cell and session: expected, done and missed on `day`, from what the server knew at `as_of`. Two queries.

    `scope` None means everywhere. A check is missed when its deadline lies before `as_of`.
    """
    ranges = [_EVERYWHERE] if scope is None else _ranges(scope)
    return [CheckCounts(*row) for row in _fetch(_COUNTS, day, as_of, ranges)]


def checks_due(
    *, day: dt.date, scope: Scope, now: dt.datetime, limit: int, offset: int = 0, state: DueState | None = None
) -> list[DueCheck]:
    """The expected checks of `day` inside `scope`, cell by cell in walking order. Two queries, whatever the number.

    `limit` and `offset` count people. With `state`, only people who have such a check that day, with all their checks.
    """
    page = {"limit": limit, "offset": offset, "state": state.value if state else None}
    return [_due(row, now) for row in _fetch(_PAGE, day, now, _ranges(scope), **page)]


def people_with_check(*, day: dt.date, scope: Scope, now: dt.datetime, state: DueState) -> set[uuid.UUID]:
    """Who in `scope` has a check of `day` in this state. Two queries."""
    return {row[0] for row in _fetch(_WITH_STATE, day, now, _ranges(scope), state=state.value)}


def _ranges(scope: Scope) -> list[tuple[str, str]]:
    return [(prefix, after(prefix)) for prefix in scope]


def _fetch(sql: str, day: dt.date, as_of: dt.datetime, ranges: Sequence[tuple[str, str]], **more: Any) -> list[Any]:
    """Run `sql`, which begins with `_EXPECTED`, with the sessions that the policy asks for in each cell concerned."""
    within: dict[str, Any] = {"day": day, "lows": [low for low, _ in ranges], "highs": [high for _, high in ranges]}
    with connection.cursor() as cursor:
        cursor.execute(_CELLS, within)
        asked = _sessions((row[0] for row in cursor.fetchall()), day)
        if not asked:
            return []
        cells, sessions, deadlines = zip(*asked, strict=True)
        cursor.execute(
            sql,
            {
                **within, **more, "as_of": as_of, "cells": list(cells), "sessions": list(sessions),
                "deadlines": list(deadlines),
            },
        )  # fmt: skip
        return cursor.fetchall()


def _sessions(cells: Iterable[str], day: dt.date) -> list[tuple[str, str, dt.datetime]]:
    """`(cell, session, deadline)` for every session that the rule in force in the cell on `day` asks for."""
    asked = []
    for cell in cells:
        try:
            times = value_of("checks.due_by", region_code=cell, on=day).value
            sessions = value_of("checks.sessions", region_code=cell, on=day).value
        except PolicyMissingError:
            continue
        for session in sessions:
            wall = dt.time.fromisoformat(times[session])
            asked.append((cell, session, clock.at(day, wall)))
    return asked


def _due(row: tuple[Any, ...], now: dt.datetime) -> DueCheck:
    (
        person, household, region, name, phone, own_address, address, building, unit, door, first, last, session,
        deadline, check, reachable, temperature, symptoms, method, fever, symptomatic, checked_at, author,
    ) = row  # fmt: skip
    return DueCheck(
        person_id=person, household_id=household, region_code=region, name_masked=name, phone_last4=phone,
        place=own_address if household is None else place_text(address, building, unit, door),
        monitor_from=first, monitor_to=last, session=session, deadline=deadline,
        state=due_state(done=reachable, deadline=deadline, now=now), attempted=check is not None and not reachable,
        check_id=check, temperature=temperature, symptoms=tuple(symptoms), method=method, fever=fever,
        symptomatic=symptomatic, checked_at=checked_at, author_name=author,
    )  # fmt: skip
