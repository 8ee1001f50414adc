"""One open socket and the registry of all sockets of a process by region prefix. See docs/realtime.md."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from backend.core.scope import ancestors
from backend.realtime.admission import Grant
from backend.realtime.wire import Message, Wire

Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Frames that may wait for a client that reads slowly; they are shared by all sockets, so waiting costs little.
BACKLOG = 1000
#: How long a closing socket may take to tell its client why.
PARTING_SECONDS = 10.0
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
    """A client's socket. `offer` never waits: it writes, or keeps what the client is not ready for and a task sends."""

    __slots__ = ("_backlog", "_closing", "_drain", "_held", "_parting", "_send", "_wire", "grant", "slot")

    def __init__(self, *, grant: Grant, send: Send) -> None:
        self.grant = grant
        #: In which second of the heartbeat this socket is pinged.
        self.slot = 0
        self._send = send
        self._wire = Wire(send)
        self._backlog: deque[Message] = deque()
        self._drain: asyncio.Task[None] | None = None
        #: While it catches up, what is offered waits.
        self._held = True
        self._closing: int | None = None
        self._parting: asyncio.TimerHandle | None = None

    @property
    def closing(self) -> bool:
        return self._closing is not None

    def offer(self, *messages: Message) -> None:
        """Have `messages` sent. A client that lags by more than the backlog is closed: it comes back with `after`."""
        if self._closing is not None:
            return
        if self._drain is None and not self._held:
            # One write is one system call: several frames go together.
            data = messages[0].data if len(messages) == 1 else b"".join([message.data for message in messages])
            if self._wire.write(data):
                return
        if len(self._backlog) + len(messages) > BACKLOG:
            self.close(CLOSE_TOO_SLOW)
            return
        self._backlog.extend(messages)
        self._send_backlog()

    def close(self, code: int, last_frame: Message | None = None) -> None:
        """Send `last_frame` in place of whatever still waits, then close with `code`. The first call decides."""
        if self._closing is not None:
            return
        self._backlog.clear()
        if last_frame is not None:
            self._backlog.append(last_frame)
        self._closing = code
        self._parting = asyncio.get_running_loop().call_later(PARTING_SECONDS, self._wire.abort)
        self._send_backlog()

    async def send(self, text: str) -> None:
        """Send ahead of what is offered, waiting for the client; for the catch-up."""
        await self._send({"type": "websocket.send", "text": text})

    def release(self) -> None:
        """The catch-up is over: send what was offered meanwhile."""
        self._held = False
        self._send_backlog()

    async def end(self) -> None:
        """The client is gone, or its server ends: stop sending."""
        if self._closing is None:
            self._closing = 0
        if self._parting is not None:
            self._parting.cancel()
        if self._drain is not None:
            self._drain.cancel()
            await asyncio.gather(self._drain, return_exceptions=True)

    def _send_backlog(self) -> None:
        if self._drain is None and not self._held and (self._backlog or self._closing):
            self._drain = asyncio.get_running_loop().create_task(self._work_off())

    async def _work_off(self) -> None:
        """Send what waits, at the client's pace. A client that leaves makes `send` raise an OSError."""
        with contextlib.suppress(OSError):
            while self._backlog:
                await self._send({"type": "websocket.send", "text": self._backlog.popleft().text})
            if self._closing:
                await self._send({"type": "websocket.close", "code": self._closing})
        if self._closing is None:
            self._drain = None


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
