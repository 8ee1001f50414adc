"""Statements of the hot path: bound on the server, prepared once per connection, sent without waiting where possible.

The ORM builds its SQL anew for every call, and PostgreSQL parses and plans it anew; on the upload path that costs more
than the work itself. What is run here is constant text: parsed and planned once, then sent as a name and values. It
runs on the thread's ordinary connection, in its transaction, and query counters see it. Values are sent as text whose
type PostgreSQL infers from where they stand; where it cannot, the statement says it (`%(now)s::timestamptz`). See
docs/benchmarks.md.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, overload

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from backend.core.postgresql.line import Line, Parameters, Rows, Undecoded, line_of

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


class _Thread(threading.local):
    """What Django's connection is while a `pipelined_transaction` runs: looking it up costs more than holding back."""

    wrapper: Any = None


_thread = _Thread()


@dataclass(frozen=True, slots=True)
class Question(Generic[A]):
    """A constant `statement`, its named values, and how its rows are read: to be asked alone or with `answers`."""

    statement: str
    parameters: Mapping[str, Any]
    read: Callable[[Rows], A]


def fetch(statement: str, parameters: Parameters) -> Rows:
    """Run a constant `statement` and return its rows."""
    return _run(lambda line: line.ask(statement, parameters), statement)


def fetch_undecoded(statement: str, parameters: Parameters) -> Undecoded:
    """As `fetch`, with the rows as they travelled: megabytes of JSON need not become text and bytes again."""
    return _run(lambda line: line.ask_undecoded(statement, parameters), statement)


def execute(statement: str, parameters: Parameters) -> None:
    """Run a constant `statement` that returns no rows. Inside `pipelined_transaction` nobody waits for its end."""
    _run(lambda line: line.hold(statement, parameters) if line.holding else line.ask(statement, parameters), statement)


def answer(question: Question[A]) -> A:
    """What the database says to one question."""
    return question.read(fetch(question.statement, question.parameters))


@overload
def answers(one: Question[A], two: Question[B], /) -> tuple[A, B]: ...
@overload
def answers(one: Question[A], two: Question[B], three: Question[C], /) -> tuple[A, B, C]: ...
def answers(first: Question[Any], /, *others: Question[Any]) -> tuple[Any, ...]:
    """What the database says to all of them, asked in one statement.

    Each of the `others` is answered by one value, and reads None where the first has no row. Their names for values
    must not mean different things.
    """
    statement = _together(first.statement, *[other.statement for other in others])
    values = {name: value for question in (first, *others) for name, value in question.parameters.items()}
    rows = fetch(statement, values)
    width = len(others)
    found = rows[0][-width:] if rows else (None,) * width
    read = [other.read([(value,)]) for other, value in zip(others, found, strict=True)]
    return first.read([row[:-width] for row in rows]), *read


@lru_cache(maxsize=64)
def _together(first: str, *others: str) -> str:
    return f"SELECT asked.*{''.join([f', ({other})' for other in others])} FROM ({first}) AS asked"


@contextmanager
def pipelined_transaction() -> Iterator[None]:
    """`transaction.atomic()` whose statements go out without waiting for each answer.

    BEGIN goes with the first, COMMIT with the last. `fetch` and whatever the ORM runs wait for their answer, as ever.
    What `execute` was refused surfaces at the next wait, at the latest at the end of the block, as the same
    `DatabaseError`; nothing of the block is stored then.
    """
    wrapper = _wrapper()
    wrapper.ensure_connection()
    nested, outer = wrapper.in_atomic_block, _thread.wrapper
    line = line_of(wrapper.connection)
    holding = line.holding
    with transaction.atomic():
        line.holding, _thread.wrapper = True, wrapper
        try:
            with wrapper.execute_wrapper(_behind(line)):
                yield
            if not wrapper.needs_rollback:
                with wrapper.wrap_database_errors:
                    # Within another transaction what was refused must undo this block, not the one around it.
                    line.flush(commit=not nested)
        finally:
            line.holding, _thread.wrapper = holding, outer
            line.forget()


def _behind(line: Line) -> Callable[..., Any]:
    """Lets what the ORM runs come behind what was held back."""

    def run(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        with context["connection"].wrap_database_errors:
            line.flush()
        return execute(sql, parameters, many, context)

    return run


def _wrapper() -> Any:
    return _thread.wrapper or connections[DEFAULT_DB_ALIAS]


def _run(way: Callable[[Line], A], statement: str) -> A:
    wrapper = _wrapper()
    if wrapper.connection is None:
        wrapper.ensure_connection()
    wrapper.validate_no_broken_transaction()
    begun = time.monotonic()
    try:
        with wrapper.wrap_database_errors:
            return way(line_of(wrapper.connection))
    finally:
        if wrapper.queries_logged:
            wrapper.queries_log.append({"sql": statement, "time": f"{time.monotonic() - begun:.3f}"})
