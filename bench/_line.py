"""A slow line to the server for everything a phone does at once: pages, files, service worker, sockets.

A browser's own throttling holds for a page alone, and the service worker, which downloads the app meanwhile, would have
a line of its own.
"""

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

#: What one segment of TCP carries: the turns in which connections share the line.
SEGMENT = 1460


@dataclass
class Lane:
    """One direction, shared by all connections; `passed` is what went through, in bytes."""

    bytes_per_second: float
    passed: int = 0
    _free: float = 0.0

    async def carry(self, count: int) -> None:
        """Wait until `count` bytes have gone out."""
        now = asyncio.get_running_loop().time()
        self._free = max(now, self._free) + count / self.bytes_per_second
        self.passed += count
        await asyncio.sleep(self._free - now)


class SlowLine:
    """Listens on a free port of 127.0.0.1 and passes on to `port`; `latency` is the way there and back, in seconds."""

    def __init__(self, port: int, *, kbit: float, latency: float) -> None:
        self._target, self._way = port, latency / 2
        self.up, self.down = Lane(kbit * 125), Lane(kbit * 125)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.url = ""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)

    async def _run(self) -> None:
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._end.wait()
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            # The client's connection stands already; over a real line it would have cost a way there and back.
            await asyncio.sleep(2 * self._way)
            behind, beyond = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(self._pump(reader, beyond, self.up), self._pump(behind, writer, self.down))

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, lane: Lane) -> None:
        """Segment by segment, each in its turn on the lane, arriving half a latency later."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver(under_way, target))
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while segment := await source.read(SEGMENT):
                await lane.carry(len(segment))
                under_way.put_nowait((loop.time() + self._way, segment))
        under_way.put_nowait((loop.time() + self._way, b""))
        await delivery

    async def _deliver(self, under_way: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while True:
                arrives, segment = await under_way.get()
                await asyncio.sleep(arrives - loop.time())
                if not segment:
                    break
                target.write(segment)
                await target.drain()
        target.close()
