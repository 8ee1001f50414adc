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


def test_a_living_connection_is_used_again_and_asked_nothing(pooled: DatabaseWrapper) -> None:
    first = backend_of(pooled)
    pooled.close()
    pooled.ensure_connection()
    pooled.close()
    seen = {first}
    for _ in range(4):
        seen.add(backend_of(pooled))
        with pooled.cursor() as cursor:
            cursor.execute("SELECT 1")
        pooled.close()
    assert len(seen) <= 2
