"""The embedded servers: started, adopted, repaired after kill -9, passwords (launch/postgres.py, valkey.py)."""

import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from launch.paths import Folder
from launch.postgres import OWNER, Postgres
from launch.processes import Process, find, working_in
from launch.stack import Stack
from launch.valkey import Valkey


@pytest.fixture
def postgres(made_folder: Folder) -> Iterator[Postgres]:
    server = Postgres(made_folder, durable=False)
    server.start()
    yield server
    server.stop_leftovers()


@pytest.fixture
def valkey(folder: Folder) -> Iterator[Valkey]:
    server = Valkey(folder)
    server.start()
    yield server
    server.stop_leftovers()


def value(server: Postgres, statement: str, role: str = OWNER) -> object:
    with psycopg.connect(server.url(role)) as connection:
        row = connection.execute(statement).fetchone()
        assert row is not None
        return row[0]


def test_the_application_role_owns_nothing(postgres: Postgres) -> None:
    rights = (
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert value(postgres, rights, "gk_app") is False
    assert value(postgres, rights, OWNER) is False
    assert (
        value(postgres, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()") == OWNER
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        value(postgres, "CREATE TABLE public.x(a int)", "gk_app")


def test_nobody_comes_in_without_a_password(postgres: Postgres, valkey: Valkey) -> None:
    for user in ("postgres", OWNER, "gk_app"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://{user}:wrong@127.0.0.1:{postgres.port}/gridkeeper")
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis(port=valkey.port).ping()
    for secret in postgres.folder.secrets.iterdir():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_a_running_server_is_adopted(postgres: Postgres, valkey: Valkey, folder: Folder) -> None:
    value(postgres, "SELECT 1")
    again, other = Postgres(folder, durable=False), Valkey(folder)
    again.start()
    other.start()
    assert again.process is not None
    assert postgres.process is not None
    assert (again.process.pid, again.port) == (postgres.process.pid, postgres.port)
    assert valkey.process is not None
    assert other.process is not None
    assert other.process.pid == valkey.process.pid


def test_killed_servers_come_back_with_their_data(postgres: Postgres, valkey: Valkey, folder: Folder) -> None:
    with psycopg.connect(postgres.url(OWNER)) as connection:
        connection.execute("CREATE TABLE kept(a int)")
    assert postgres.process is not None
    assert valkey.process is not None
    postgres.process.send(signal.SIGKILL)
    valkey.process.send(signal.SIGKILL)
    again, other = Postgres(folder, durable=False), Valkey(folder)
    again.start()
    other.start()
    assert value(again, "SELECT count(*) FROM kept") == 0
    assert redis.Redis.from_url(other.url).ping()
    postmasters = [p for p in working_in(again.data, "postgres") if b"\0-D\0" in cmdline(p)]
    assert len(postmasters) == 1


def cmdline(process: Process) -> bytes:
    return Path(f"/proc/{process.pid}/cmdline").read_bytes()


def test_a_stranger_with_the_pid_of_a_dead_server_is_left_alone(
    postgres: Postgres, folder: Folder, sleeper: Callable[..., Process]
) -> None:
    """PostgreSQL itself would refuse to start: its pid file names a living process."""
    pid_file = postgres.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postgres.stop()
    stranger = sleeper()
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    postgres.account.own(pid_file)
    again = Postgres(folder, durable=False)
    again.start()
    assert value(again, "SELECT 1") == 1
    assert stranger.is_alive()
    again.stop()


def test_lost_passwords_are_made_anew(postgres: Postgres, folder: Folder) -> None:
    postgres.stop()
    for secret in folder.secrets.iterdir():
        secret.unlink()
    again = Postgres(folder, durable=False)
    again.start()
    assert value(again, "SELECT 1") == 1
    again.stop()


def test_the_last_user_stops_the_servers(made_folder: Folder) -> None:
    first, second = (Stack(made_folder.root, services=(), durable=False) for _ in range(2))
    first.start_servers()
    second.start_servers()
    process = first.process("postgres")
    assert process is not None
    first.stop_servers()
    assert process.is_alive()
    second.stop_servers()
    assert find(process.pid) is None or os.getpid() == process.pid


def test_a_port_taken_in_the_meantime_is_changed(valkey: Valkey, folder: Folder) -> None:
    port = valkey.port
    valkey.stop()
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", port))
        taker.listen()
        again = Valkey(folder)
        again.start()
        assert again.port != port
        again.stop()
