"""The hub by itself, over a log in memory: order, slow clients, a database that fails, start and stop."""

import asyncio
from typing import Any

import pytest
from django.db import OperationalError

from backend.core.scope import Scope, ancestors
from backend.realtime import hub as hub_module
from backend.realtime import sockets
from backend.realtime.admission import Grant
from backend.realtime.catalogue import EventBody, EventFrame, decode_server
from backend.realtime.hub import Hub
from backend.realtime.sockets import Registry, Socket
from backend.realtime.wire import Message
from tests.conftest import CELL, OTHER_CELL


class Log:
    """An event source in memory that can be told to fail."""

    def __init__(self) -> None:
        self.rows: list[EventBody] = []
        self.failures = 0

    def add(self, count: int = 1, region: str = CELL) -> None:
        for _ in range(count):
            seq = len(self.rows) + 1
            self.rows.append(
                EventBody(seq, "raised", "a", "2026-11-22T00:00:00+00:00", region, "fever", "urgent", "发热", "1幢")
            )

    def _may_fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise OperationalError("the database is away")

    def last_seq(self) -> int:
        self._may_fail()
        return len(self.rows)

    def events_after(
        self, seq: int, *, until: int | None = None, scope: Scope | None = None, limit: int
    ) -> list[EventBody]:
        self._may_fail()
        return [row for row in self.rows if row.seq > seq][:limit]


class Client:
    """The far end of a socket: keeps what it is sent, and may stop reading."""

    def __init__(self, prefixes: tuple[str, ...] = ("22",)) -> None:
        self.got: list[dict[str, Any]] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.socket = Socket(grant=Grant(1, "key", 1, Scope.of(prefixes)), send=self._send)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        self.got.append(message)

    def seqs(self) -> list[int]:
        frames = [decode_server(m["text"]) for m in self.got if m["type"] == "websocket.send"]
        return [frame.event.seq for frame in frames if isinstance(frame, EventFrame)]

    def closed_with(self) -> int | None:
        return next((m["code"] for m in self.got if m["type"] == "websocket.close"), None)

    async def join(self, hub: Hub) -> "Client":
        await hub.join(self.socket, None)
        self.socket.release()
        return self

    async def leave(self, hub: Hub) -> None:
        await self.socket.end()
        await hub.leave(self.socket)


@pytest.fixture(autouse=True)
def no_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    """These sockets belong to nobody; the poll is quick, since nobody rings."""
    monkeypatch.setattr(hub_module, "review", lambda grants: {})
    monkeypatch.setattr(hub_module, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(hub_module, "_RETRY_SECONDS", 0.05)


async def eventually(condition: Any, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_burst_reaches_everybody_once_and_in_order() -> None:
    log = Log()
    log.add(3)
    hub = Hub(log)
    clients = [await Client().join(hub) for _ in range(20)]
    other = await Client((OTHER_CELL,)).join(hub)
    log.add(1200)
    await eventually(lambda: all(len(client.seqs()) == 1200 for client in clients))
    assert all(client.seqs() == list(range(4, 1204)) for client in clients)
    assert other.seqs() == []
    for client in [*clients, other]:
        await client.leave(hub)


async def test_a_client_that_does_not_read_is_closed_and_slows_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "BACKLOG", 50)
    monkeypatch.setattr(hub_module, "AT_ONCE", 10)
    log = Log()
    hub = Hub(log)
    quick, slow = await Client().join(hub), await Client().join(hub)
    slow.reading.clear()
    log.add(200)
    await eventually(lambda: len(quick.seqs()) == 200)
    assert slow.socket.closing
    slow.reading.set()
    await eventually(lambda: slow.closed_with() == 4008)
    # What it did get is a beginning without a gap: it comes back with `after` and misses nothing.
    assert slow.seqs() == list(range(1, len(slow.seqs()) + 1))
    for client in (quick, slow):
        await client.leave(hub)


async def test_a_database_that_fails_costs_delay_only() -> None:
    log = Log()
    hub = Hub(log)
    client = await Client().join(hub)
    log.failures = 4
    log.add(2)
    await eventually(lambda: client.seqs() == [1, 2])
    await client.leave(hub)


async def test_a_hub_that_cannot_start_says_so_and_starts_for_the_next() -> None:
    log = Log()
    log.add()
    log.failures = 1
    hub = Hub(log)
    turned_away = Client()
    with pytest.raises(OperationalError):
        await turned_away.join(hub)
    await turned_away.leave(hub)
    client = await Client().join(hub)
    log.add()
    await eventually(lambda: client.seqs() == [2])
    await client.leave(hub)


async def test_the_hub_stops_with_its_last_socket_and_starts_again() -> None:
    log = Log()
    hub = Hub(log)
    for _ in range(2):
        first, second = await Client().join(hub), await Client().join(hub)
        await first.leave(hub)
        assert len([t for t in asyncio.all_tasks() if t.get_name().startswith("hub ")]) == 4
        log.add()
        await eventually(lambda client=second: client.seqs() == [len(log.rows)])
        await second.leave(hub)
        assert [t for t in asyncio.all_tasks() if t.get_name().startswith("hub ")] == []
        log.add()


async def test_who_saw_more_elsewhere_is_not_told_twice() -> None:
    log = Log()
    hub = Hub(log)
    stale = await Client().join(hub)
    log.add(5)
    moved = Client()
    assert await hub.join(moved.socket, 5) == 5
    moved.socket.release()
    log.add()
    await eventually(lambda: moved.seqs() == [6])
    await eventually(lambda: stale.seqs() == [1, 2, 3, 4, 5, 6])
    for client in (stale, moved):
        await client.leave(hub)


async def test_the_last_frame_before_a_close_replaces_what_still_waits() -> None:
    client = Client()
    client.socket.offer(Message("one"))
    client.socket.close(4001, Message("bye"))
    client.socket.offer(Message("two"))
    client.socket.close(4003, Message("again"))
    client.socket.release()
    await eventually(lambda: client.closed_with() is not None)
    assert [m.get("text") or m.get("code") for m in client.got] == ["bye", 4001]


async def test_a_client_that_takes_nothing_does_not_hold_its_socket_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PARTING_SECONDS", 0.05)
    client = Client()
    aborted = asyncio.Event()

    def abort(wire: sockets.Wire) -> None:
        aborted.set()

    monkeypatch.setattr(sockets.Wire, "abort", abort)
    client.socket.release()
    client.reading.clear()
    client.socket.close(4001)
    await eventually(aborted.is_set)
    await client.socket.end()


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_message_is_the_frame_that_a_websocket_library_would_send(size: int) -> None:
    from websockets.frames import Frame, Opcode

    text = "警" * (size // 3) + "x" * (size % 3)
    assert Message(text).data == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def test_the_registry_finds_exactly_the_sockets_that_cover_a_region() -> None:
    async def nowhere(message: dict[str, Any]) -> None:
        """Nothing is sent here."""

    registry = Registry()
    made = {
        prefixes: Socket(grant=Grant(i, "k", 1, Scope.of(prefixes)), send=nowhere)
        for i, prefixes in enumerate([("22",), (CELL,), (CELL[:12], OTHER_CELL), (OTHER_CELL[:9],), ("2206",)])
    }
    for socket in made.values():
        registry.add(socket)
    for region in (CELL, OTHER_CELL, CELL[:12], "2206", "11"):
        expected = {s for prefixes, s in made.items() if set(prefixes) & set(ancestors(region))}
        found = list(registry.covering(region))
        assert len(found) == len(set(found))
        assert set(found) == expected
    for socket in made.values():
        registry.discard(socket)
    assert len(registry) == 0
    assert registry._by_prefix == {}


async def test_a_ring_in_the_moment_of_stopping_does_not_hold_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "POLL_SECONDS", 60)
    hub = Hub(Log())
    client = await Client().join(hub)
    await asyncio.sleep(0.05)
    hub._bell.set()
    async with asyncio.timeout(5):
        await client.leave(hub)
        other = await Client().join(hub)
        await other.leave(hub)
