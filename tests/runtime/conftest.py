"""Folders and processes for the launcher's tests; nothing here touches the demo's stack or the tests' own servers."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launch.paths import VAR, Folder
from launch.processes import Process, find


@pytest.fixture(autouse=True)
def own_folders() -> None:
    """In place of the fixture of the same name for Django: the launcher has no settings."""


@pytest.fixture
def folder() -> Iterator[Folder]:
    """A stack's folder inside the clone, as `simulate_day` and the fault tests have theirs; removed afterwards."""
    root = VAR / "test" / "runtime"
    shutil.rmtree(root, ignore_errors=True)
    made = Folder(root)
    made.make()
    yield made
    shutil.rmtree(root, ignore_errors=True)
    shutil.rmtree(made.system_home, ignore_errors=True)


@pytest.fixture
def sleeper() -> Iterator[Callable[..., Process]]:
    """`sleeper(environment=…, cwd=…)` → a stranger's process that does nothing for a minute."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*, environment: dict[str, str] | None = None, cwd: Path | None = None) -> Process:
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)"],
            env=environment,
            cwd=cwd,
            stdout=subprocess.PIPE,
        )
        started.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        process = find(child.pid)
        assert process is not None
        return process

    yield start
    for child in started:
        child.kill()
        child.communicate()
