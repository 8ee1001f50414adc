"""One open socket and the registry of all sockets of a process by region prefix. See docs/realtime.md."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from backend.core.scope import ancestors
from backend.realtime.admission import Grant

Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Frames that may wait for a client that reads slowly; the texts are shared by all sockets, so waiting costs little.
QUEUE_LENGTH = 1000
#: Close codes. 4xxx are ours; the rest are RFC 6455's.
CLOSE_DUTIES_CHANGED = 4001
CLOSE_SIGNED_OUT = 4003
CLOSE_TOO_SLOW = 4008
CLOSE_BAD_REQUEST = 4400
CLOSE_NOT_SIGNED_IN = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_POLICY = 1008
CLOSE_TOO_LARGE = 1009
CLOSE_TRY_LATER = 1013


class Socket:
    """A client's socket. `offer` never waits; one task, `write`, sends what was offered, in order."""

    __slots__ = ("_closing", "_queue", "_send", "_waiter", "grant", "slot")

    def __init__(self, *, grant: Grant, send: Send) -> None:
        self.grant = grant
        #: In which second of the heartbeat this socket is pinged.
        self.slot = 0
        self._send = send
        self._queue: deque[str] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closing: int | None = None

    @property
    def closing(self) -> bool:
        return self._closing is not None

    def offer(self, text: str) -> None:
        """Have `text` sent. A client that lags by more than the queue holds is closed: it comes back with `after`."""
        if self._closing is not None:
            return
        if len(self._queue) >= QUEUE_LENGTH:
            self.close(CLOSE_TOO_SLOW)
            return
        self._queue.append(text)
        self._wake()

    def close(self, code: int, last_frame: str | None = None) -> None:
        """Send `last_frame` in place of whatever still waits, then close with `code`. The first call decides."""
        if self._closing is not None:
            return
        self._queue.clear()
        if last_frame is not None:
            self._queue.append(last_frame)
        self._closing = code
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def send(self, text: str) -> None:
        """Send ahead of the queue; for the catch-up, before `write` runs."""
        await self._send({"type": "websocket.send", "text": text})

    async def write(self) -> None:
        """Send what is offered until the socket is closed."""
        loop = asyncio.get_running_loop()
        queue, send = self._queue, self._send
        while True:
            while queue:
                await send({"type": "websocket.send", "text": queue.popleft()})
            if self._closing is not None:
                await send({"type": "websocket.close", "code": self._closing})
                return
            self._waiter = loop.create_future()
            await self._waiter


class Registry:
    """The sockets of this process, found by the region of an event without looking at each."""

    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._by_prefix: dict[str, set[Socket]] = {}

    def __len__(self) -> int:
        return len(self._sockets)

    def __iter__(self) -> Iterator[Socket]:
        return iter(self._sockets)

    def add(self, socket: Socket) -> None:
        self._sockets.add(socket)
        for prefix in socket.grant.scope.prefixes:
            self._by_prefix.setdefault(prefix, set()).add(socket)

    def discard(self, socket: Socket) -> None:
        self._sockets.discard(socket)
        for prefix in socket.grant.scope.prefixes:
            if (group := self._by_prefix.get(prefix)) is not None:
                group.discard(socket)
                if not group:
                    del self._by_prefix[prefix]

    def covering(self, region: str) -> Iterator[Socket]:
        """Sockets whose scope covers `region`, each once: a scope holds no prefix below another of its own."""
        for prefix in ancestors(region):
            yield from self._by_prefix.get(prefix, ())
