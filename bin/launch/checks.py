"""The checks that `bin/test` runs before and beside pytest: each a name and a command, output shown when it fails."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from launch.node import Node
from launch.paths import PWA, PYTHON, REPOSITORY, VENV

SHOWN_LINES = 60


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
        Check("mypy", [str(PYTHON), "-m", "mypy", "backend", "celery_tasks", "bin/launch"], environment=environment),
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


def run_check(check: Check) -> Outcome:
    print(f"▸ {check.name} …", end="", flush=True)
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
    print(f" {'✓' if done.returncode == 0 else '✗'} {seconds:.1f} 秒", flush=True)
    if done.returncode != 0:
        print("\n".join(f"    {line}" for line in done.stdout.splitlines()[-SHOWN_LINES:]), flush=True)
    return Outcome(check.name, done.returncode == 0, seconds)


def _interrupt(running: "subprocess.Popen[str]") -> None:
    """Let pytest take down what its fixtures brought up; a hanging one is killed."""
    running.send_signal(signal.SIGINT)
    try:
        running.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        running.kill()


def run_pytest(arguments: list[str], environment: Mapping[str, str]) -> Outcome:
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
    return Outcome("pytest", running.returncode == 0, time.monotonic() - began, closing)
