"""Who is under monitoring on a day."""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db import connection

# A phone may know somebody under an id of its own: the alias leads to the person on record.
_MONITORED = """
SELECT asked.id, asked.day
FROM unnest(%s::uuid[], %s::date[]) AS asked(id, day)
LEFT JOIN residents_personalias a ON a.id = asked.id
WHERE EXISTS (
    SELECT FROM health_monitoring m
    WHERE m.person_id = coalesce(a.person_id, asked.id) AND m.state <> 'cancelled'
      AND asked.day BETWEEN m.first_day AND m.last_day
)
"""


def monitored_on(pairs: Iterable[tuple[uuid.UUID, dt.date]]) -> set[tuple[uuid.UUID, dt.date]]:
    """Those of the `(person or alias, day)` pairs whose day lies in a term of that person. One query, unscoped.

    A term that has ended still counts for its own days: a record that lay on a phone may arrive after it.
    """
    asked = sorted(set(pairs))
    if not asked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_MONITORED, [[person for person, _ in asked], [day for _, day in asked]])
        return {(person, day) for person, day in cursor.fetchall()}
