"""`ENGINE`: Django's PostgreSQL backend, whose pool is asked for a living connection without a question to the server.

Django's own health check (`CONN_HEALTH_CHECKS`) is a statement of its own before the first one of every request.
"""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes from the pool only what the server has not hung up on; the pool replaces the others."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        while True:
            connection = super().get_new_connection(conn_params)
            if not (self.pool and _hung_up(connection)):
                return connection
            connection.close()
            self.pool.putconn(connection)


def _hung_up(connection: Any) -> bool:
    """Whether the server has closed this idle connection: it was asked nothing, so all it can say is farewell."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
