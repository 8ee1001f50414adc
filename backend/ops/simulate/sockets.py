"""Listening to alerts, as an app does: catch up, then live; every frame is kept for the books."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from backend.ops.simulate.wire import Wire
from backend.realtime.catalogue import EventBody, EventFrame, Hello, Live, decode_server


@dataclass(frozen=True)
class Arrival:
    """An event as it came in. `live` is False for catch-up; `at` is monotonic seconds."""

    event: EventBody
    at: float
    live: bool


@dataclass
class Listener:
    """One app's socket, opened and dropped as the network comes and goes."""

    wire: Wire
    frames: set[str]
    arrivals: list[Arrival] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _socket: ClientConnection | None = None
    _reader: asyncio.Task[None] | None = None
    _live: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def last_seq(self) -> int:
        return self.arrivals[-1].event.seq if self.arrivals else 0

    async def open(self) -> None:
        """Connect where we stand, and return when the catch-up is complete."""
        if self._socket is not None:
            return
        address = self.wire.url.replace("http", "ws", 1) + f"/ws/alerts/?after={self.last_seq}"
        self.wire.traffic.urls.add(address)
        self._live.clear()
        self._socket = await connect(
            address, additional_headers={"Cookie": self.wire.cookies}, origin=self.wire.url,  # type: ignore[arg-type]
            open_timeout=30, ping_interval=None,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read(self._socket))
        await asyncio.wait_for(self._live.wait(), 60)

    async def drop(self) -> None:
        """Lose the network."""
        if self._socket is None:
            return
        socket, self._socket = self._socket, None
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        await socket.close()

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._take(text if isinstance(text, str) else text.decode())
        except ConnectionClosed as closed:
            self.problems.append(f"socket closed: {closed.rcvd.code if closed.rcvd else 'no code'}")

    def _take(self, text: str) -> None:
        self.frames.add(text)
        try:
            frame = decode_server(text)
        except msgspec.DecodeError:
            self.problems.append("a frame that is not in the catalogue")
            return
        if isinstance(frame, EventFrame):
            if frame.event.seq <= self.last_seq:
                self.problems.append(f"event {frame.event.seq} after {self.last_seq}")
            self.arrivals.append(Arrival(frame.event, time.monotonic(), self._live.is_set()))
        elif isinstance(frame, Live):
            self._live.set()
        elif isinstance(frame, Hello) and frame.last_seq < self.last_seq:
            self.problems.append("the server's log is shorter than what was heard")
