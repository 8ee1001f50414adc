"""What `bin/test` runs: checks, each a name and a command whose output is shown when it fails, and pytest."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from launch.node import Node
from launch.paths import PWA, PYTHON, REPOSITORY, VENV
from launch.steps import say

SHOWN_LINES = 200
#: Tests that measure time, or break what all share: nothing may run beside them.
ALONE = "alone"
#: Tests on a real stack with the demo, mostly in a browser; each process of theirs has a stack of its own.
ON_A_STACK = "(e2e or faults) and not alone"
TYPED = ("backend", "celery_tasks", "reference_client", "bin/launch")


@dataclass(frozen=True)
class Check:
    name: str
    argv: list[str]
    cwd: Path = REPOSITORY
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: bool
    seconds: float
    #: One line worth repeating in the summary.
    note: str = ""


def python_checks(environment: Mapping[str, str]) -> list[Check]:
    """`environment` names the test servers: the check for missing migrations looks at a database."""
    tools = VENV / "bin"
    return [
        Check("ruff check", [str(tools / "ruff"), "check", "."]),
        Check("ruff format", [str(tools / "ruff"), "format", "--check", "."]),
        Check("mypy", [str(PYTHON), "-m", "mypy", *TYPED], environment=environment),
        Check("import contracts", [str(tools / "lint-imports")], environment=environment),
        Check(
            "migrations",
            [str(PYTHON), "-m", "django", "makemigrations", "--check", "--dry-run"],
            environment=environment,
        ),
    ]


def pwa_checks(node: Node) -> list[Check]:
    environment = node.environment() | {"CI": "1"}
    return [
        Check(f"pwa {script}", [*node.npm, "run", script], PWA, environment) for script in ("typecheck", "lint", "test")
    ]


def run_checks(*lanes: Sequence[Check]) -> list[Outcome]:
    """The lanes beside each other, the checks of a lane one after the other; a line for each as it ends."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        try:
            return [outcome for done in pool.map(_run_lane, lanes) for outcome in done]
        except KeyboardInterrupt:
            # The checks had the same Ctrl-C; those that have not begun need not.
            pool.shutdown(cancel_futures=True)
            raise


def _run_lane(checks: Sequence[Check]) -> list[Outcome]:
    return [_run_check(check) for check in checks]


def _run_check(check: Check) -> Outcome:
    began = time.monotonic()
    done = subprocess.run(
        check.argv,
        cwd=check.cwd,
        env=dict(check.environment) or None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    seconds = time.monotonic() - began
    passed = done.returncode == 0
    shown = [] if passed else [f"    {line}" for line in done.stdout.splitlines()[-SHOWN_LINES:]]
    # In one piece: another lane writes too.
    say("\n".join([f"▸ {check.name} … {'✓' if passed else '✗'} {seconds:.1f} 秒", *shown]))
    return Outcome(check.name, done.returncode == 0, seconds)


def _interrupt(running: "subprocess.Popen[str]") -> None:
    """Let pytest take down what its fixtures brought up; a hanging one is killed."""
    running.send_signal(signal.SIGINT)
    try:
        running.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        running.kill()


def on_a_database() -> list[str]:
    """Arguments for the tests that need only a database: a process, and a database, for each processor."""
    return ["-q", *_shared(at_most=4), "-m", "not (alone or e2e or faults)"]


def on_a_stack() -> list[str]:
    """Arguments for the tests on a real stack: two processes, since a browser waits more than it works."""
    return ["-q", *_shared(at_most=2), "-m", ON_A_STACK]


def one_after_the_other() -> list[str]:
    return ["-q", "-m", ALONE]


def _shared(*, at_most: int) -> list[str]:
    workers = min(len(os.sched_getaffinity(0)), at_most)
    # In the order of collection: by number of tests, the few but long ones of the permission matrix would come last.
    return ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"] if workers > 1 else []


def run_pytest(name: str, arguments: list[str], environment: Mapping[str, str]) -> Outcome:
    """pytest with its output passed on line by line; the note is its closing line."""
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    began = time.monotonic()
    closing = ""
    with subprocess.Popen(
        [str(PYTHON), "-m", "pytest", *colour, *arguments],
        cwd=REPOSITORY,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Out of reach of the terminal's Ctrl-C: it gets the one signal that we pass on, and clears up after itself.
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        try:
            for line in running.stdout:
                sys.stdout.write(line)
                closing = line.strip() or closing
        except KeyboardInterrupt:
            _interrupt(running)
            raise
    return Outcome(name, running.returncode == 0, time.monotonic() - began, closing)
