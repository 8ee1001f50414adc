"""A process full of sockets that waits for marks: the same code reads raw Redis subscriptions and WebSockets."""

import multiprocessing
import os
import select
import socket
import time
from multiprocessing.connection import Connection
from typing import Any

import redis

#: A protocol ping as uvicorn sends it: opcode, length 4, then the payload. Neither byte occurs in JSON text like this.
_PING = b"\x89\x04"
_TAIL = 64
_AT_ONCE = 100


class Receivers:
    """Sockets held by a child process; every method is a question to it."""

    def __init__(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
        self._process.start()

    def open_subscriptions(self, url: str, channel: str, count: int) -> None:
        self._ask("subscribe", url, channel, count)

    def open_sockets(self, port: int, cookies: list[str], count: int) -> None:
        # A few at a time: between two questions the child answers the pings of those already open.
        for done in range(0, count, _AT_ONCE):
            self._ask("websockets", port, cookies, min(_AT_ONCE, count - done))

    def expect(self, mark: bytes) -> None:
        """From now on, wait for `mark` on every socket."""
        self._ask("expect", mark)

    def all_got_it(self, timeout: float = 60) -> float:
        """When the last socket had the mark, on the monotonic clock of this machine."""
        if not self._pipe.poll(timeout):
            raise SystemExit("a mark did not reach every socket")
        return float(self._pipe.recv())

    def still_open(self) -> int:
        return int(self._ask("count"))

    def close(self) -> None:
        self._ask("close")
        self._process.join(20)

    def _ask(self, *question: Any) -> Any:
        self._pipe.send(question)
        if not self._pipe.poll(300):
            raise SystemExit(f"no answer: {question[0]}")
        return self._pipe.recv()


class _Child:
    """The sockets and the loop that reads them."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.poll = select.epoll()
        self.poll.register(pipe.fileno(), select.EPOLLIN)
        self.sockets: dict[int, socket.socket] = {}
        self.tails: dict[int, bytes] = {}
        self.kept: list[Any] = []
        self.mark, self.missing = b"", 0

    def run(self) -> None:
        while True:
            for fd, _ in self.poll.poll():
                if fd != self.pipe.fileno():
                    self.read(fd)
                    continue
                question, *given = self.pipe.recv()
                if question == "close":
                    for each in self.sockets.values():
                        each.close()
                    self.pipe.send(None)
                    return
                getattr(self, question)(*given)
                self.pipe.send(len(self.sockets))

    def subscribe(self, url: str, channel: str, count: int) -> None:
        for _ in range(count):
            connection = _subscription(url, channel)
            self.kept.append(connection)
            self.keep(connection._sock)

    def websockets(self, port: int, cookies: list[str], count: int) -> None:
        for number in range(count):
            self.keep(_websocket(port, cookies[number % len(cookies)]))

    def expect(self, mark: bytes) -> None:
        self.mark, self.missing = mark, len(self.sockets)
        self.tails.clear()

    def count(self) -> None:
        """The answer to any question is how many are open."""

    def keep(self, opened: socket.socket) -> None:
        opened.setblocking(False)
        self.sockets[opened.fileno()] = opened
        self.poll.register(opened.fileno(), select.EPOLLIN)

    def read(self, fd: int) -> None:
        try:
            data = self.sockets[fd].recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.poll.unregister(fd)
            self.sockets.pop(fd).close()
            return
        if _PING in data:
            _answer(self.sockets[fd], data)
        if not self.mark:
            return
        if self.mark in data or self.mark in self.tails.get(fd, b"") + data[:_TAIL]:
            self.missing -= 1
            if self.missing == 0:
                self.pipe.send(time.monotonic())
                self.mark = b""
        else:
            self.tails[fd] = data[-_TAIL:]


def _run(pipe: Connection) -> None:
    _Child(pipe).run()


def _subscription(url: str, channel: str) -> Any:
    connection = redis.Redis.from_url(url, protocol=2).connection_pool.get_connection()
    connection.send_command("SUBSCRIBE", channel)
    connection.read_response()
    return connection


def _websocket(port: int, cookie: str) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), 60)
    opened.sendall(
        f"GET /ws/alerts/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    seen = b""
    while b'"type":"live"' not in seen:
        part = opened.recv(65536)
        if not part:
            raise SystemExit(f"socket refused: {seen[:300]!r}")
        seen += part
    return opened


def _answer(opened: socket.socket, data: bytes) -> None:
    """Pong, masked as a client must."""
    at = data.index(_PING) + 2
    key = os.urandom(4)
    payload = bytes(a ^ b for a, b in zip(data[at : at + 4], key, strict=False))
    opened.sendall(b"\x8a\x84" + key + payload)
