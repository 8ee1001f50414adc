"""How many requests a web process works on at once, and who goes first. See docs/realtime.md, "When everybody pushes".

A process that takes on whatever comes makes everybody wait for everybody: two hundred phones that come back with their
backlog put a fever behind all of it. So a place is needed to be worked on; large uploads get only some of the places,
line up behind everything else, and are asked to come later (429, `Retry-After`) once enough of them wait. Nothing else
is ever refused here.
"""

import json
import secrets
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from backend.core.errors import ErrorCode, error_body

PUSH_PATH: Final = "/api/v1/sync/push/"
#: An upload up to this many bytes is a few records, sent as they were made; a fever is always in one of these.
SHORT_BYTES: Final = 4096
SHORT_GZIP_BYTES: Final = 2048
#: Large uploads worked on at once: more than two contend for the interpreter and finish no sooner.
BULK: Final = 2
#: Large uploads that may wait, and how many seconds at most: a quick machine works its line off, a slow one says so.
QUEUE: Final = 24
LONGEST_WAIT: Final = 1.0
#: A refused upload is told to come back after between one and this many seconds, so that not all come at once.
LATEST_RETURN: Final = 8

Wake = Callable[[], None]


class BusyError(Exception):
    """Enough large uploads wait already, or this one has waited long enough."""


class Lanes:
    """Places of one process. `bulk` of the `places` may be taken by large uploads, `queue` of which may wait."""

    def __init__(self, *, places: int, bulk: int = BULK, queue: int = QUEUE) -> None:
        self.places, self.bulk, self.queue = places, bulk, queue
        self._lock = threading.Lock()
        self._taken = self._bulk_taken = 0
        self._short_waiting: deque[Wake] = deque()
        self._bulk_waiting: deque[Wake] = deque()

    def enter(self, *, large: bool, wake: Wake) -> bool:
        """Take a place: True at once, or False, and `wake` is called (in any thread) when it is taken for the caller.

        Raises BusyError for a large upload when the line is full.
        """
        with self._lock:
            if large:
                if self._taken < self.places and self._bulk_taken < self.bulk and not self._short_waiting:
                    self._taken += 1
                    self._bulk_taken += 1
                    return True
                if len(self._bulk_waiting) >= self.queue:
                    raise BusyError
                self._bulk_waiting.append(wake)
                return False
            if self._taken < self.places:
                self._taken += 1
                return True
            self._short_waiting.append(wake)
            return False

    def leave(self, *, large: bool) -> None:
        """Give a place back; whoever is next takes it."""
        with self._lock:
            self._taken -= 1
            self._bulk_taken -= large
            woken = self._next()
        for wake in woken:
            wake()

    def withdraw(self, wake: Wake, *, large: bool) -> None:
        """A caller that does not wait any longer; whom `wake` reached meanwhile gives the place back."""
        with self._lock:
            line = self._bulk_waiting if large else self._short_waiting
            if wake in line:
                line.remove(wake)
                return
        self.leave(large=large)

    def _next(self) -> list[Wake]:
        woken: list[Wake] = []
        while self._taken < self.places:
            if self._short_waiting:
                woken.append(self._short_waiting.popleft())
            elif self._bulk_waiting and self._bulk_taken < self.bulk:
                woken.append(self._bulk_waiting.popleft())
                self._bulk_taken += 1
            else:
                break
            self._taken += 1
        return woken


def is_large(*, method: str, path: str, length: int | None, packed: bool) -> bool:
    """Whether a request is a large upload; one that does not say its length is. `packed`: sent with gzip."""
    if method != "POST" or path != PUSH_PATH:
        return False
    return length is None or length > (SHORT_GZIP_BYTES if packed else SHORT_BYTES)


def refusal() -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of the answer to an upload that should come later."""
    code = ErrorCode.BUSY
    body = json.dumps(error_body(code), ensure_ascii=False).encode()
    headers = [
        ("Content-Type", "application/json"), ("Content-Length", str(len(body))),
        ("Retry-After", str(1 + secrets.randbelow(LATEST_RETURN))),
    ]  # fmt: skip
    return code.status, headers, body
