"""Statements of the hot path: bound on the server, and prepared once per connection. See docs/benchmarks.md.

The ORM builds its SQL anew for every call, and PostgreSQL parses and plans it anew; on the upload path that costs more
than the work itself. What is run here is constant text: parsed and planned once, then sent as a name and values. It
runs on the thread's ordinary connection, in its transaction, and query counters see it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor

Parameters = Sequence[Any] | Mapping[str, Any]


def fetch(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """Run a constant `statement` and return its rows."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def execute(statement: str, parameters: Parameters) -> None:
    """Run a constant `statement` that returns no rows."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)


def _cursor() -> Any:
    """What `connection.cursor()` gives, but for the kind of binding."""
    wrapper: Any = connection
    wrapper.ensure_connection()
    make: Any = ServerBindingCursor
    return wrapper._prepare_cursor(make(wrapper.connection))
