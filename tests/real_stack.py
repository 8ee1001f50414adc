"""The real thing for tests that claim to test it: PostgreSQL, Valkey, web, worker and schedule, with the demo in it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "bin"))

from launch.stack import Stack  # noqa: E402

PASSWORD = os.environ.get("DEMO_PASSWORD", "gridkeeper-demo")


@pytest.fixture(scope="session")
def session_stack() -> Iterator[Stack]:
    """One stack under var/test/real for all browser and fault tests of a process (`pytest -n` has several)."""
    folder = REPOSITORY / "var" / "test" / "-".join(filter(None, ("real", os.environ.get("PYTEST_XDIST_WORKER"))))
    running = Stack(folder, demo=True).reset()
    try:
        yield running.start(seed=("seed_demo",))
    finally:
        running.stop()


@pytest.fixture
def stack(session_stack: Stack) -> Iterator[Stack]:
    """The stack, whole before and after: what a test broke is mended for the next."""
    yield session_stack
    session_stack.tend()
