"""The pool of database connections survives the server's restart without asking it anything before each request."""

import copy
from collections.abc import Iterator

import pytest
from django.db import connection, connections

from backend.core.postgresql.base import DatabaseWrapper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pooled() -> Iterator[DatabaseWrapper]:
    """A wrapper with a pool of its own on the test database."""
    settings = copy.deepcopy(connection.settings_dict)
    settings["OPTIONS"]["pool"] = {"min_size": 2, "max_size": 2, "timeout": 10}
    wrapper = DatabaseWrapper(settings, "pooled")
    connections["pooled"] = wrapper
    yield wrapper
    wrapper.close()
    wrapper.close_pool()
    del connections["pooled"]


def backend_of(wrapper: DatabaseWrapper) -> int:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_connections_that_the_server_closed_are_replaced(pooled: DatabaseWrapper) -> None:
    before = backend_of(pooled)
    pooled.close()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert backend_of(pooled) != before


def test_one_after_the_other_is_served_by_one_connection(pooled: DatabaseWrapper) -> None:
    """Both are open; taking turns would wake both. None is asked anything before it is lent, nor opened anew."""
    assert pooled.pool is not None
    pooled.pool.open()
    pooled.pool.wait(timeout=10)
    seen = set()
    for _ in range(6):
        seen.add(backend_of(pooled))
        pooled.close()
    assert len(seen) == 1
