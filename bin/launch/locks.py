"""Who may start and stop what, told by file locks, which the kernel drops however their holder dies.

`servers.lock` is held shared by everybody who uses the embedded servers; `start.lock` exclusively by whoever is just
starting or stopping them; `supervisor.lock` by the one supervisor. The last user out stops the servers.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Wait for the lock, hold it for the block."""
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Claim:
    """A lock that is taken and given back by hand. Children never hold it: descriptors are not inherited."""

    def __init__(self, file: Path):
        self.file = file
        self._handle: IO[str] | None = None

    def share(self) -> None:
        self._handle = self._handle or self.file.open("a")
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def take(self) -> bool:
        """Exclusively, without waiting; True when nobody else holds any part of it."""
        handle = self._handle or self.file.open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if self._handle is None:
                handle.close()
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None
