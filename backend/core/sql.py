"""Statements of the hot path: bound on the server, prepared once per connection, sent without waiting where possible.

The ORM builds its SQL anew for every call, and PostgreSQL parses and plans it anew; on the upload path that costs more
than the work itself. What is run here is constant text: parsed and planned once, then sent as a name and values. It
runs on the thread's ordinary connection, in its transaction, and query counters see it. Values are sent as text whose
type PostgreSQL infers from where they stand; where it cannot, the statement says it (`%(now)s::timestamptz`). See
docs/benchmarks.md.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from backend.core.postgresql.line import Line, Parameters, Rows, line_of


def fetch(statement: str, parameters: Parameters) -> Rows:
    """Run a constant `statement` and return its rows."""
    return _run(Line.ask, statement, parameters)


def execute(statement: str, parameters: Parameters) -> None:
    """Run a constant `statement` that returns no rows. Inside `pipelined_transaction` nobody waits for its end."""
    _run(_hold_or_ask, statement, parameters)


@contextmanager
def pipelined_transaction() -> Iterator[None]:
    """`transaction.atomic()` whose statements go out without waiting for each answer.

    BEGIN goes with the first, COMMIT with the last. `fetch` and whatever the ORM runs wait for their answer, as ever.
    What `execute` was refused surfaces at the next wait, at the latest at the end of the block, as the same
    `DatabaseError`; nothing of the block is stored then.
    """
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    nested = wrapper.in_atomic_block
    line = line_of(wrapper.connection)
    holding = line.holding
    with transaction.atomic():
        line.holding = True
        try:
            with wrapper.execute_wrapper(_behind(line)):
                yield
            if not wrapper.needs_rollback:
                with wrapper.wrap_database_errors:
                    # Within another transaction what was refused must undo this block, not the one around it.
                    line.flush(commit=not nested)
        finally:
            line.holding = holding
            line.forget()


def _behind(line: Line) -> Callable[..., Any]:
    """Lets what the ORM runs come behind what was held back."""

    def run(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        with context["connection"].wrap_database_errors:
            line.flush()
        return execute(sql, parameters, many, context)

    return run


def _hold_or_ask(line: Line, statement: str, parameters: Parameters) -> Rows:
    if line.holding:
        line.hold(statement, parameters)
        return []
    return line.ask(statement, parameters)


def _run(way: Callable[[Line, str, Parameters], Rows], statement: str, parameters: Parameters) -> Rows:
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    if wrapper.connection is None:
        wrapper.ensure_connection()
    wrapper.validate_no_broken_transaction()
    begun = time.monotonic()
    try:
        with wrapper.wrap_database_errors:
            return way(line_of(wrapper.connection), statement, parameters)
    finally:
        if wrapper.queries_logged:
            wrapper.queries_log.append({"sql": statement, "time": f"{time.monotonic() - begun:.3f}"})
