"""docs/running.md, docs/deploy.md and deploy/ are held against the code."""

import re
from pathlib import Path

import pytest

from backend.config.lanes import QUEUE
from launch.application import Address, beat, web, worker
from launch.paths import REPOSITORY, Folder

RUNNING = (REPOSITORY / "docs" / "running.md").read_text()
DEPLOYING = (REPOSITORY / "docs" / "deploy.md").read_text()
UNITS = REPOSITORY / "deploy" / "systemd"


def variables(text: str) -> set[str]:
    return set(re.findall(r"\b(?:GRIDKEEPER_[A-Z_]*[A-Z]|DATABASE_(?:OWNER_)?URL|REDIS_URL|DEMO_PASSWORD)\b", text))


def test_every_variable_that_is_read_is_described() -> None:
    sources = [REPOSITORY / "backend" / "config" / "settings.py", *(REPOSITORY / "bin" / "launch").rglob("*.py")]
    read = set().union(*(variables(source.read_text()) for source in sources))
    # For tests alone: the database of pytest, and tasks run on the spot.
    assert read - {"GRIDKEEPER_TEST_DB", "GRIDKEEPER_TASKS_EAGER"} <= variables(RUNNING)


def test_every_variable_that_is_described_exists() -> None:
    everything = "".join(
        path.read_text()
        for folder in ("backend", "bin", "tests")
        for path in (REPOSITORY / folder).rglob("*")
        if path.suffix in {".py", ".sh"}
    )
    assert variables(RUNNING) <= variables(everything)


def test_modules_named_in_the_docs_exist() -> None:
    for name in re.findall(r"`(\w+\.py)`", RUNNING):
        assert (REPOSITORY / "bin" / "launch" / name).exists(), name


def test_links_lead_somewhere() -> None:
    for page in ("running.md", "deploy.md", "backup.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (REPOSITORY / "docs" / page).read_text()):
            assert (REPOSITORY / "docs" / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize(
    ("unit", "argv"),
    [
        ("sockets", web(Address()).argv),
        ("worker", worker().argv),
        ("beat", beat(Folder(Path("/x"))).argv),
    ],
)
def test_units_start_what_the_launcher_starts(unit: str, argv: list[str]) -> None:
    lines = (UNITS / f"gridkeeper-{unit}.service").read_text().splitlines()
    command = next(line for line in lines if line.startswith("ExecStart="))
    assert " ".join(argv[1:4]) in command


def test_running_services_are_not_given_the_owner() -> None:
    for unit in UNITS.glob("*.service"):
        assert ("gridkeeper-owner.env" in unit.read_text()) == (unit.stem == "gridkeeper-backup")
    assert "DATABASE_OWNER_URL" not in (REPOSITORY / "deploy" / "gridkeeper.env.example").read_text()


def test_threads_suffice_for_those_at_work_and_those_in_line() -> None:
    """A large upload that waits holds a thread: it must not be the last one, or whatever is short waits behind it."""
    unit = (UNITS / "gridkeeper-web@.service").read_text()
    pool, threads = (
        int(re.findall(rf"{name}[= ](\d+)", unit)[0]) for name in ("GRIDKEEPER_DB_POOL", "--blocking-threads")
    )
    assert threads > (pool - 5) + QUEUE


def test_caddy_asks_the_workers_that_are_enabled() -> None:
    enabled = re.findall(r"web@(\d)", re.findall(r"enable --now gridkeeper-\{(.+?)\}", DEPLOYING)[0])
    asked = re.findall(r"127\.0\.0\.1:801(\d)", (REPOSITORY / "deploy" / "Caddyfile").read_text())
    assert enabled == asked
    assert "--port 801%i" in (UNITS / "gridkeeper-web@.service").read_text()
