"""A whole stack: parts killed and brought back, leftovers of a killed supervisor, reset (launch/stack.py)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launch.application import Service
from launch.paths import REPOSITORY, Folder
from launch.processes import MARK, Process, find, marked
from launch.reset import reset
from launch.stack import Stack
from launch.supervisor import Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def stack(made_folder: Folder) -> Iterator[Stack]:
    """Real servers; the services are stand-ins that only sleep: what is tested is who starts and stops them."""
    made = Stack(made_folder.root, services=(), durable=False)
    made.services = {name: Service(name, SLEEP) for name in ("worker", "beat")}
    made.start_servers()
    made.start_services()
    yield made
    made.stop()


def test_stop_ends_what_was_started_and_nothing_else(stack: Stack, sleeper: Callable[..., Process]) -> None:
    stranger = sleeper()
    pids = [process.pid for name in stack.parts if (process := stack.process(name))]
    assert len(pids) == 4
    stack.stop()
    assert [pid for pid in pids if find(pid)] == []
    assert stranger.is_alive()


def test_services_never_see_the_owners_password(stack: Stack) -> None:
    password = (stack.folder.secrets / "postgres-gk_owner").read_bytes()
    for process in stack.running.values():
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert b"DATABASE_URL=" in environment
        assert password not in environment
    assert password.decode() in stack.environment(owner=True)["DATABASE_OWNER_URL"]


def test_tending_brings_back_what_died_and_leaves_the_rest(stack: Stack) -> None:
    before = {name: process.pid for name in stack.parts if (process := stack.process(name))}
    for name in ("valkey", "worker"):
        stack.kill(name)
        assert not stack.is_alive(name)
    stack.tend()
    after = {name: process.pid for name in stack.parts if (process := stack.process(name))}
    assert all(stack.is_alive(name) for name in stack.parts)
    assert {name for name in before if before[name] != after[name]} == {"valkey", "worker"}


def test_a_killed_part_is_brought_back_by_the_supervisor(stack: Stack) -> None:
    supervisor = Supervisor(stack)
    for backoff in supervisor._backoff.values():
        backoff.delay = 0.01
    before = {name: process.pid for name in stack.parts if (process := stack.process(name))}
    for name in stack.parts:
        stack.kill(name)
    for _ in range(3):
        supervisor.look()
        time.sleep(0.05)
    after = {name: process.pid for name in stack.parts if (process := stack.process(name))}
    assert all(stack.is_alive(name) for name in stack.parts)
    assert all(after[name] != before[name] for name in before)


def test_what_a_killed_supervisor_left_is_cleared(stack: Stack, sleeper: Callable[..., Process]) -> None:
    """The next start finds its folder's processes and no others, and adopts the servers."""
    stranger = sleeper(environment={**os.environ, MARK: "/elsewhere"})
    left = [stack.running["worker"], stack.running["beat"]]
    server = stack.process("postgres")
    following = Stack(stack.folder.root, services=(), durable=False)
    following.start_servers()
    following.start_services()
    assert not any(process.is_alive() for process in left)
    assert list(marked(stack.folder.root)) == []
    assert stranger.is_alive()
    adopted = following.process("postgres")
    assert server is not None
    assert adopted is not None
    assert adopted.pid == server.pid
    following.stop_servers()


def test_reset_leaves_no_data_and_no_process(stack: Stack) -> None:
    pids = [process.pid for name in stack.parts if (process := stack.process(name))]
    (stack.folder.root / "venv").mkdir()
    (stack.folder.root / "keys").mkdir()
    reset(stack.folder)
    assert [pid for pid in pids if find(pid)] == []
    assert {entry.name for entry in stack.folder.root.iterdir()} == {"run", "venv"}


def test_the_servers_outlive_a_killed_user_and_are_adopted(made_folder: Folder) -> None:
    script = (
        f"import sys, time; sys.path.insert(0, {str(REPOSITORY / 'bin')!r})\n"
        f"from launch.stack import Stack\n"
        f"s = Stack({str(made_folder.root)!r}, services=(), durable=False); s.start_servers()\n"
        f"print('up', flush=True)\n"
        f"time.sleep(600)"
    )
    user = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert user.stdout is not None
    assert user.stdout.readline() == b"up\n"
    user.send_signal(signal.SIGKILL)
    user.communicate()
    following = Stack(made_folder.root, services=(), durable=False)
    following.start_servers()
    pid = following.process("postgres")
    assert pid is not None
    following.stop_servers()
    assert find(pid.pid) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_a_folder_nobody_cannot_reach(tmp_path: Path) -> None:
    """As root below a 0700 folder: data and binaries go to the system's folder, and reset removes them."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stack = Stack(closed / "var", services=(), durable=False)
    try:
        stack.start_servers()
        assert stack.postgres is not None
        assert stack.folder.system_home in stack.postgres.data.parents
        stack.stop_servers()
        again = Stack(closed / "var", services=(), durable=False)
        again.start_servers()
        again.stop_servers()
    finally:
        stack.stop_servers()
        reset(stack.folder)
    assert not stack.folder.system_home.exists()
