"""Folders and processes for the launcher's tests; nothing here touches the demo's stack or the tests' own servers."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launch.paths import VAR, Folder
from launch.postgres import Postgres
from launch.processes import Process, find


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Servers are started and killed here: nothing runs beside it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("alone")


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


@pytest.fixture(scope="session")
def cluster() -> Iterator[Postgres]:
    """A cluster with its roles, made once and stopped: copying takes a tenth of making."""
    root = VAR / "test" / "runtime-cluster"
    shutil.rmtree(root, ignore_errors=True)
    folder = Folder(root)
    folder.make()
    server = Postgres(folder, durable=False)
    server.start()
    server.stop()
    yield server
    shutil.rmtree(root, ignore_errors=True)
    shutil.rmtree(folder.system_home, ignore_errors=True)


@pytest.fixture
def made_folder(folder: Folder, cluster: Postgres) -> Folder:
    """A stack's folder whose cluster and passwords are there already, not running."""
    moved = cluster.home != cluster.folder.postgres
    home = folder.system_home / "postgres" if moved else folder.postgres
    home.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(cluster.home), str(home)], check=True)
    shutil.copytree(cluster.folder.secrets, folder.secrets, dirs_exist_ok=True)
    return folder


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
