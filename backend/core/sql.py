"""Statements of the hot path: bound on the server, prepared once per connection, sent without waiting where possible.

The ORM builds its SQL anew for every call, and PostgreSQL parses and plans it anew; on the upload path that costs more
than the work itself. What is run here is constant text: parsed and planned once, then sent as a name and values. It
runs on the thread's ordinary connection, in its transaction, and query counters see it. See docs/benchmarks.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.backends.postgresql.base import ServerBindingCursor

Parameters = Sequence[Any] | Mapping[str, Any]


def fetch(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """Run a constant `statement` and return its rows."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def execute(statement: str, parameters: Parameters) -> None:
    """Run a constant `statement` that returns no rows. Inside `pipelined_transaction` nobody waits for its end."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)


@contextmanager
def pipelined_transaction() -> Iterator[None]:
    """`transaction.atomic()` whose statements go out without waiting for each answer; COMMIT goes with the last.

    `fetch` and whatever the ORM runs wait for their answer, as ever. What `execute` was refused surfaces at the next
    wait, at the latest at the end of the block, as the same `DatabaseError`; nothing of the block is stored then.
    """
    wrapper: Any = connection
    wrapper.ensure_connection()
    nested = wrapper.in_atomic_block
    with wrapper.wrap_database_errors, wrapper.connection.pipeline() as pipeline, transaction.atomic():
        try:
            with wrapper.execute_wrapper(_waiting_for(pipeline)):
                yield
            if nested:
                # No COMMIT follows that would wait: what was refused must undo this block, not the one around it.
                pipeline.sync()
        except BaseException:
            # PostgreSQL skips whatever it is sent after an error, a rollback too, until it is told to listen again.
            with suppress(psycopg.Error):
                pipeline.sync()
            raise


def _waiting_for(pipeline: psycopg.Pipeline) -> Callable[..., Any]:
    """Lets the ORM see its rows, its row counts and its errors at once."""

    def run(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, parameters, many, context)
        if not isinstance(context["cursor"].cursor, ServerBindingCursor):
            with connection.wrap_database_errors:
                pipeline.sync()
        return result

    return run


def _cursor() -> Any:
    """What `connection.cursor()` gives, but for the kind of binding."""
    wrapper: Any = connection
    wrapper.ensure_connection()
    make: Any = ServerBindingCursor
    return wrapper._prepare_cursor(make(wrapper.connection))
