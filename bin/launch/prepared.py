"""`manage prepare` only when something it depends on changed: the code and reference data, the database, the day."""

import datetime as dt
from pathlib import Path

from launch.paths import REPOSITORY
from launch.stack import Stack
from launch.stamps import hash_of_files, hash_of_text

DEPENDS_ON = (("backend", "**/*.py"), ("fixtures", "**/*"))


def prepare_once(stack: Stack) -> None:
    """The note lies in the stack's folder and goes with its data; a database of somebody else's is always looked at."""
    note = stack.folder.run / "prepared"
    if stack.postgres is None:
        stack.prepare()
        return
    current = _state(stack)
    if note.exists() and note.read_text() == current:
        return
    note.unlink(missing_ok=True)
    stack.prepare()
    note.write_text(current)


def _state(stack: Stack) -> str:
    files = [path for folder, pattern in DEPENDS_ON for path in (REPOSITORY / folder).glob(pattern) if path.is_file()]
    # The day belongs in it because partitions are made ahead of it.
    today = dt.datetime.now(dt.UTC).date().isoformat()
    assert stack.postgres is not None
    return hash_of_text(hash_of_files(files, REPOSITORY), today, str(_cluster(stack.postgres.data)))


def _cluster(data: Path) -> int:
    """Another cluster has another creation: its folder's inode tells."""
    return data.stat().st_ino
