"""Commands that need not run again until what they depend on changed: code and reference data, the cluster, the day.

They bring the tables and the demo up to date. Each costs a start of Django, which a second start can do without.
"""

import datetime as dt
from collections.abc import Callable

from launch.locks import exclusive
from launch.paths import REPOSITORY
from launch.stack import Stack
from launch.stamps import hash_of_files, hash_of_text

DEPENDS_ON = (("backend", "**/*.py"), ("fixtures", "**/*"))


def prepare_once(stack: Stack) -> None:
    _once(stack, "prepared", stack.prepare)


def seed_once(stack: Stack) -> None:
    _once(stack, "seeded", lambda: stack.manage("seed_demo"))


def _once(stack: Stack, name: str, action: Callable[[], object]) -> None:
    """The note lies in the stack's folder and goes with its data; a database of somebody else's is always looked at."""
    note = stack.folder.run / name
    if stack.postgres is None:
        action()
        return
    current = _state(stack)
    # Migrations of two commands at once would trip over each other.
    with exclusive(stack.folder.run / "prepare.lock"):
        if note.exists() and note.read_text() == current:
            return
        note.unlink(missing_ok=True)
        action()
        note.write_text(current)


def _state(stack: Stack) -> str:
    files = [path for folder, pattern in DEPENDS_ON for path in (REPOSITORY / folder).glob(pattern) if path.is_file()]
    # Partitions are made ahead of the day, and the demo's history ends on it.
    today = dt.datetime.now(dt.UTC).date().isoformat()
    assert stack.postgres is not None
    # Another cluster is another folder: its inode tells.
    return hash_of_text(hash_of_files(files, REPOSITORY), today, str(stack.postgres.data.stat().st_ino))
