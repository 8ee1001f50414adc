"""The hub: one Redis subscription and one reader of the event log for all sockets of a process. See docs/realtime.md.

The log is the truth and Redis a doorbell. `delivered` is the number up to which every socket of this process has been
offered what concerns it; each ring, each loss and return of the subscription and each tick of the safety poll makes
the hub read on from there.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django.utils import timezone
from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from backend.realtime.admission import review, ring_user
from backend.realtime.catalogue import Bye, EventBody, EventFrame, Ping, encode
from backend.realtime.services import channel
from backend.realtime.sockets import CLOSE_DUTIES_CHANGED, CLOSE_SIGNED_OUT, Registry, Socket
from backend.realtime.source import EventSource
from backend.realtime.wire import Message

logger = logging.getLogger(__name__)
T = TypeVar("T")

HEARTBEAT_SECONDS = 20
#: Without any ring the log is read this often: the longest delay while Redis is away.
POLL_SECONDS = 3.0
#: Events read at once.
PAGE = 500
#: Events handed out between two turns of the event loop; together they stay below a transport's buffer.
AT_ONCE = 100
_RETRY_SECONDS = 1.0
_SILENCE_SECONDS = 5.0
_SILENCES = 3


class Hub:
    """Runs on the event loop of the first socket, and stops when the last one leaves."""

    def __init__(self, source: EventSource) -> None:
        self.loop = asyncio.get_running_loop()
        self.source = source
        self.registry = Registry()
        self.delivered = 0
        self._gate = asyncio.Lock()
        self._bell = asyncio.Event()
        self._reading = asyncio.Lock()
        self._doubted: set[int] = set()
        self._doubt_all = False
        self._look = asyncio.Event()
        self._joined = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._reader: ThreadPoolExecutor | None = None
        self._workers: ThreadPoolExecutor | None = None

    # Sockets come and go

    async def join(self, socket: Socket, after: int | None) -> int:
        """Offer `socket` every event from now on. Returns the number up to which it has to catch up by itself."""
        async with self._gate:
            if not self._tasks:
                await self._start()
            if after is not None and after > self.delivered:
                # Another process was ahead of this one; what this client has seen there must not reach it twice.
                await self.read_on()
            self._joined += 1
            socket.slot = self._joined % HEARTBEAT_SECONDS
            self.registry.add(socket)
            return self.delivered

    async def leave(self, socket: Socket) -> None:
        """Forget `socket`."""
        self.registry.discard(socket)
        if len(self.registry):
            return
        async with self._gate:
            if not len(self.registry):
                await self._stop()

    async def _start(self) -> None:
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hub-reader")
        try:
            self.delivered = await self._read(self.source.last_seq)
        except (DatabaseError, InterfaceError):
            self._reader.shutdown(wait=False)
            self._reader = None
            raise
        self._tasks = [
            self.loop.create_task(work(), name=f"hub {work.__name__}")
            for work in (self._listen, self._deliver, self._heartbeat, self._revalidate)
        ]

    async def _stop(self) -> None:
        tasks, self._tasks = set(self._tasks), []
        while tasks:
            # Again until it ends: `wait_for` of Python 3.11 loses a cancellation that meets a ring.
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=_RETRY_SECONDS)
        if self._reader is not None:
            await self.loop.run_in_executor(self._reader, connections.close_all)
            self._reader.shutdown(wait=False)
            self._reader = None
        if self._workers is not None:
            self._workers.shutdown(wait=False)
            self._workers = None

    # The database

    async def _read(self, job: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `job` in the reader's thread, whose connection stays open between jobs."""

        def run() -> T:
            try:
                return job(*args, **kwargs)
            except (DatabaseError, InterfaceError):
                connections.close_all()
                raise

        return await self.loop.run_in_executor(self._reader, run)

    async def in_database(self, job: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `job` in one of a few threads; its connection is given back afterwards."""

        def run() -> T:
            close_old_connections()
            try:
                return job(*args, **kwargs)
            finally:
                close_old_connections()

        if self._workers is None:
            self._workers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hub-worker")
        return await self.loop.run_in_executor(self._workers, run)

    # Delivery

    async def read_on(self) -> None:
        """Read the log from `delivered` on and offer each event to the sockets it concerns."""
        async with self._reading:
            while True:
                events = await self._read(self.source.events_after, self.delivered, limit=PAGE)
                for start in range(0, len(events), AT_ONCE):
                    self._hand_out(events[start : start + AT_ONCE])
                    # Let the transports write: a burst must not fill the backlogs of clients that are quick.
                    await asyncio.sleep(0)
                if len(events) < PAGE:
                    return

    def _hand_out(self, events: Sequence[EventBody]) -> None:
        """Offer each socket, at once, those of `events` that concern it."""
        waiting: dict[Socket, list[Message]] = {}
        for event in events:
            message = Message(encode(EventFrame(event)))
            for socket in self.registry.covering(event.region):
                waiting.setdefault(socket, []).append(message)
        for socket, messages in waiting.items():
            socket.offer(*messages)
        self.delivered = events[-1].seq

    async def _deliver(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), POLL_SECONDS)
            self._bell.clear()
            try:
                await self.read_on()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("event log not read: %s", type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
                self._bell.set()

    async def _listen(self) -> None:
        """Hold the subscription; whenever it drops or returns, have the log read."""
        while True:
            client = Redis.from_url(
                settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=None, retry=Retry(NoBackoff(), 0)
            )
            try:
                await self._hear(client)
            except (RedisError, OSError) as error:
                logger.warning("subscription lost: %s", type(error).__name__)
            finally:
                with contextlib.suppress(RedisError, OSError):
                    await client.aclose()
            self._bell.set()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _hear(self, client: Redis) -> None:
        async with client.pubsub() as pubsub:
            await pubsub.subscribe(channel())
            silences = 0
            while silences < _SILENCES:
                message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
                if message is None:
                    silences += 1
                    await pubsub.ping()
                    continue
                silences = 0
                if message["type"] == "subscribe":
                    # What was rung while nobody listened is found by looking at everything once.
                    self._bell.set()
                    self._doubt_all = True
                    self._look.set()
                elif message["type"] == "message":
                    if (user := ring_user(message["data"])) is None:
                        self._bell.set()
                    else:
                        self._doubted.add(user)
                        self._look.set()
        raise OSError("the subscription no longer answers")

    # Heartbeat and revalidation

    async def _heartbeat(self) -> None:
        """Each second ping one in `HEARTBEAT_SECONDS` of the sockets, so that no second pings them all."""
        second = 0
        while True:
            await asyncio.sleep(1)
            second = (second + 1) % HEARTBEAT_SECONDS
            message = Message(encode(Ping(timezone.now().isoformat())))
            for socket in self.registry:
                if socket.slot == second:
                    socket.offer(message)

    async def _revalidate(self) -> None:
        """Look at sessions and duties: of everybody at each heartbeat, of one user when told to."""
        everybody_at = self.loop.time() + HEARTBEAT_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), max(0.0, everybody_at - self.loop.time()))
            self._look.clear()
            doubted, self._doubted = self._doubted, set()
            everybody = self._doubt_all or self.loop.time() >= everybody_at
            if everybody:
                self._doubt_all = False
                everybody_at = self.loop.time() + HEARTBEAT_SECONDS
            sockets = [s for s in self.registry if everybody or s.grant.user_id in doubted]
            try:
                ended = await self.in_database(review, {socket.grant for socket in sockets})
            except (DatabaseError, InterfaceError) as error:
                logger.warning("grants not reviewed: %s", type(error).__name__)
                self._doubted |= doubted
                await asyncio.sleep(_RETRY_SECONDS)
                self._doubt_all |= everybody
                self._look.set()
                continue
            for socket in sockets:
                if (code := ended.get(socket.grant)) == "signed_out":
                    socket.close(CLOSE_SIGNED_OUT, Message(encode(Bye("signed_out"))))
                elif code is not None:
                    socket.close(CLOSE_DUTIES_CHANGED, Message(encode(Bye("duties_changed"))))
