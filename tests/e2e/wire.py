"""The line between one phone and the stack: everything goes through it, sockets too, until it is cut.

A browser that is told to be offline tells its processes one by one, and a service worker woken in that moment may send
all the same. Nothing goes over a line that is cut.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self


class Wire:
    """Listens on a free port of 127.0.0.1 and passes on to `port`, byte for byte."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._whole = True
        self._ends: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True)
        self.url = ""

    def start(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        self._loop.close()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """No network: what is open breaks off, what is opened breaks off at once."""
        asyncio.run_coroutine_threadsafe(self._break(), self._loop).result(30)
        try:
            yield
        finally:
            self._whole = True

    async def _break(self) -> None:
        self._whole = False
        for end in self._ends:
            end.transport.abort()

    async def _run(self) -> None:
        self._over = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._over.wait()
        server.close()
        await self._break()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self._whole:
                return
            # The server may be gone: then the line leads nowhere, and the phone is told so by its end.
            with suppress(OSError):
                behind, beyond = await asyncio.open_connection("127.0.0.1", self._target)
                await asyncio.gather(self._carry(reader, beyond), self._carry(behind, writer))
        finally:
            writer.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        self._ends.add(target)
        try:
            while self._whole and (piece := await source.read(65_536)):
                target.write(piece)
                await target.drain()
        finally:
            self._ends.discard(target)
            target.close()
