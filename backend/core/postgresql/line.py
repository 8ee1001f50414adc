"""A connection's constant statements: prepared once, run by libpq itself, sent together where nobody waits.

A cursor of psycopg costs a statement of the upload path more than PostgreSQL does. `psycopg.pq` is the same libpq with
nothing in between; values and rows are adapted by psycopg's own compiled adapters, with what Django registered there.
"""

import re
import select
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

Parameters = Sequence[Any] | Mapping[str, Any]
Rows = list[tuple[Any, ...]]

_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|(s)|%)")
#: The server does not know the statement (any more), or its rows have another shape since: it is prepared anew.
_STALE = ("26000", "0A000")


class _Constant(NamedTuple):
    """A statement as PostgreSQL reads it, and the parameters' names in order; None where they come in order anyway."""

    sql: bytes
    names: tuple[str, ...] | None

    def values(self, parameters: Parameters) -> list[Any]:
        if isinstance(parameters, Mapping):
            return [parameters[name] for name in self.names or ()]
        return list(parameters)


class _Call(NamedTuple):
    """One run of a statement: its text, and its values as they travel."""

    sql: bytes
    values: Sequence[Any]


_BEGIN = _Call(b"BEGIN", ())
_COMMIT = _Call(b"COMMIT", ())


@lru_cache(maxsize=256)
def _constant(statement: str) -> _Constant:
    """Placeholders become `$1`, `$2`, …; a named one that occurs twice is sent once."""
    names: dict[str, int] = {}
    unnamed = count(1)

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        return f"${next(unnamed) if found[2] else names.setdefault(found[1], len(names) + 1)}"

    sql = _PLACEHOLDER.sub(number, statement).encode()
    return _Constant(sql, tuple(names) or None)


class Undecoded:
    """An answer whose values stay the bytes that travelled: for text that goes on to somebody else as it is."""

    def __init__(self, result: pq.abc.PGresult) -> None:
        self._result = result

    def column(self, number: int) -> list[bytes]:
        """One value of every row."""
        value = self._result.get_value
        return [value(row, number) or b"" for row in range(self._result.ntuples)]

    def last(self, number: int) -> bytes:
        """One value of the last row."""
        return self._result.get_value(self._result.ntuples - 1, number) or b""


class Line:
    """What one psycopg connection has prepared, and what waits to be sent on it. Used by one thread at a time."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._adapters = Transformer(connection)
        self._prepared: dict[bytes, bytes] = {}
        self._numbers = count(1)
        self._waiting: list[_Call] = []
        #: Whether `hold` may keep statements back; the caller promises to `flush` or to `forget` them.
        self.holding = False
        self._poll = select.poll()
        self._poll.register(self._pgconn.socket, select.POLLIN)

    def ask(self, statement: str, parameters: Parameters) -> Rows:
        """Run a statement behind those held back, and wait for its rows. Raises `psycopg.Error`."""
        return self._rows(self._answer(statement, parameters))

    def ask_undecoded(self, statement: str, parameters: Parameters) -> Undecoded:
        """As `ask`, with the rows as they travelled."""
        return Undecoded(self._answer(statement, parameters))

    def _answer(self, statement: str, parameters: Parameters) -> pq.abc.PGresult:
        call = self._call(statement, parameters)
        if self._waiting or self.holding or self._unbegun():
            self._waiting.append(call)
            return self._flushed()[-1]
        name = self._prepared.get(call.sql)
        if name is None:
            name = self._name()
            self._check(self._pgconn.prepare(name, call.sql))
            self._prepared[call.sql] = name
        return self._check(self._pgconn.exec_prepared(name, call.values))

    def hold(self, statement: str, parameters: Parameters) -> None:
        """Keep a statement back until the next that somebody waits for."""
        self._waiting.append(self._call(statement, parameters))

    def flush(self, *, commit: bool = False) -> None:
        """Send all that was held back, COMMIT behind it if asked for, in one way there and back.

        Raises the first `psycopg.Error`; what follows a refused statement was not run then, COMMIT included.
        """
        self._flushed(commit=commit)

    def _flushed(self, *, commit: bool = False) -> list[pq.abc.PGresult]:
        """What each statement was answered, behind the answer to a BEGIN that was due."""
        calls, self._waiting = self._waiting, []
        begin = self._unbegun()
        if not calls and (begin or not commit):
            return []
        results = self._travel([*([_BEGIN] if begin else []), *calls, *([_COMMIT] if commit else [])])
        if commit and results.pop().command_status != b"COMMIT":
            # PostgreSQL answers the COMMIT of a transaction that failed before with ROLLBACK, and calls it no error.
            raise errors.InFailedSqlTransaction("the transaction had failed before its COMMIT")
        return results

    def forget(self) -> None:
        """Drop what was held back."""
        self._waiting.clear()

    def _call(self, statement: str, parameters: Parameters) -> _Call:
        constant = _constant(statement)
        values = constant.values(parameters)
        return _Call(constant.sql, self._adapters.dump_sequence(values, [PyFormat.TEXT] * len(values)))

    def _unbegun(self) -> bool:
        """Whether a transaction is due that psycopg would begin with its next statement."""
        return not self._connection.autocommit and self._pgconn.transaction_status == pq.TransactionStatus.IDLE

    def _travel(self, calls: Sequence[_Call]) -> list[pq.abc.PGresult]:
        """One way there and back: a result for every call. What is not prepared yet goes out before its first run."""
        fresh: dict[bytes, bytes] = {}
        #: For each result to come, the statement it prepares; None where it answers a call.
        prepares: list[bytes | None] = []
        self._pgconn.enter_pipeline_mode()
        try:
            for sql, values in calls:
                name = self._prepared.get(sql) or fresh.get(sql)
                if name is None:
                    name = fresh[sql] = self._name()
                    self._pgconn.send_prepare(name, sql)
                    prepares.append(sql)
                self._pgconn.send_query_prepared(name, values)
                prepares.append(None)
            self._pgconn.pipeline_sync()
            results = self._results()
        finally:
            if self._pgconn.status == pq.ConnStatus.OK:
                self._pgconn.exit_pipeline_mode()
        answered = []
        for sql_prepared, result in zip(prepares, results, strict=True):
            self._check(result)
            if sql_prepared is None:
                answered.append(result)
            else:
                self._prepared[sql_prepared] = fresh[sql_prepared]
        return answered

    def _results(self) -> list[pq.abc.PGresult]:
        """Every result up to the end of the pipeline. Raises OperationalError where the connection is lost first."""
        results: list[pq.abc.PGresult] = []
        while True:
            self._wait()
            result = self._pgconn.get_result()
            if result is None:
                if self._pgconn.status != pq.ConnStatus.OK:
                    for known in results:
                        self._check(known)
                    raise errors.OperationalError(self._pgconn.get_error_message())
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            else:
                results.append(result)

    def _wait(self) -> None:
        """Return when a result is there: libpq itself would keep the interpreter to itself while it waits."""
        while self._pgconn.flush():
            self._poll.modify(self._pgconn.socket, select.POLLIN | select.POLLOUT)
            [(_, event)] = self._poll.poll()
            self._poll.modify(self._pgconn.socket, select.POLLIN)
            if event & ~select.POLLOUT:
                self._pgconn.consume_input()
        while self._pgconn.is_busy():
            self._poll.poll()
            self._pgconn.consume_input()

    def _check(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            return result
        error = errors.error_from_result(result)
        if error.sqlstate in _STALE:
            self._prepared.clear()
        if self._pgconn.status != pq.ConnStatus.OK and not isinstance(error, errors.OperationalError):
            raise errors.OperationalError(str(error)) from error
        raise error

    def _rows(self, result: pq.abc.PGresult) -> Rows:
        self._adapters.set_pgresult(result)
        return self._adapters.load_rows(0, result.ntuples, tuple)

    def _name(self) -> bytes:
        return b"gridkeeper_%d" % next(self._numbers)


def line_of(connection: psycopg.Connection[Any]) -> Line:
    """The line of this connection, which lives as long as it does."""
    line: Line | None = vars(connection).get("_line")
    if line is None:
        line = vars(connection)["_line"] = Line(connection)
    return line
