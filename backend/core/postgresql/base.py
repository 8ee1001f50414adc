"""`ENGINE`: Django's PostgreSQL backend with a pool that lends what came back last, and asks the server nothing first.

Django's own health check (`CONN_HEALTH_CHECKS`) is a statement of its own before the first one of every request.
"""

import select
from typing import Any, ClassVar

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool


class WarmPool(ConnectionPool[Connection[Any]]):
    """A pool whose connections do not take turns: the one that came back last goes out first.

    Taking turns keeps every server process half awake: each brings its own catalogue, plans and memory back into the
    processor's caches for one request. Here a quiet hour is served by one of them, and those a busy one opened grow
    old and are closed (`max_idle`).
    """

    def _get_ready_connection(self, timeout: float | None) -> Connection[Any] | None:
        # The pool appends what comes back and takes from the left.
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes from the pool only what the server has not hung up on; the pool replaces the others."""

    _connection_pools: ClassVar[dict[str, WarmPool]] = {}

    @property
    def pool(self) -> WarmPool | None:
        """The process's pool for this database (`OPTIONS["pool"]`), made as Django makes its own; None without one."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if not options or self.alias == NO_DB_ALIAS:
            return None
        if self.alias not in self._connection_pools:
            made = WarmPool(
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                # Django's, and unknown to its stubs.
                configure=self._configure_connection,  # type: ignore[attr-defined]
                **options,
            )
            self._connection_pools.setdefault(self.alias, made)
        return self._connection_pools[self.alias]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        while True:
            connection = super().get_new_connection(conn_params)
            if not (self.pool and _hung_up(connection)):
                return connection
            connection.close()
            self.pool.putconn(connection)

    def _set_autocommit(self, autocommit: bool) -> None:
        """What a connection is told already, as it is when it comes from the pool, it is not told again."""
        if self.connection is None or self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc] # Django's, unknown to its stubs

    def _commit(self) -> None:
        """Nothing is asked where nothing is open: an upload's COMMIT has travelled with its statements."""
        if self.connection and self.connection.pgconn.transaction_status == TransactionStatus.IDLE:
            return
        super()._commit()  # type: ignore[misc] # Django's, unknown to its stubs


def _hung_up(connection: Any) -> bool:
    """Whether the server has closed this idle connection: it was asked nothing, so all it can say is farewell."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
