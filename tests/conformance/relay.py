"""A line between client and server that can be broken: an HTTP relay on a port of its own.

    relay = Relay(stack.url).start()
    with relay.meanwhile(PUSH, losing_the_answer()):
        …
    relay.pushes                       what went over it, in order

A rule takes the request and `pass_on()`, and gives the reply, or None to close the connection without one.
Sockets are refused: phones sync without them.
"""

import datetime as dt
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx

PUSH, PULL, RECEIPTS, ANY = "/api/v1/sync/push/", "/api/v1/sync/pull/", "/api/v1/sync/receipts/", "/"
_OF_THE_CONNECTION = {
    "connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "date", "server",
}  # fmt: skip


@dataclass
class Reply:
    """What goes back to the client."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes

    @classmethod
    def of_json(cls, status: int, body: Any, **headers: str) -> "Reply":
        fields = [("Content-Type", "application/json"), *((k.replace("_", "-"), v) for k, v in headers.items())]
        return cls(status, fields, json.dumps(body, ensure_ascii=False).encode())

    def json(self) -> Any:
        packed = any(k.lower() == "content-encoding" and v == "gzip" for k, v in self.headers)
        return json.loads(gzip.decompress(self.content) if packed else self.content)


@dataclass
class Request:
    """What came from the client; `status` of the reply once there is one, 0 where the line broke."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes
    status: int = 0

    @property
    def packed(self) -> bool:
        return self.headers.get("content-encoding") == "gzip"

    def json(self) -> Any:
        return json.loads(gzip.decompress(self.content) if self.packed else self.content)

    @property
    def items(self) -> list[dict[str, Any]]:
        return self.json()["items"]

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.items]

    @property
    def sent_at(self) -> float:
        """When a push was sent, in seconds of the phone's own clock: by it a phone waits."""
        return dt.datetime.fromisoformat(self.json()["sent_at"]).timestamp()


Rule = Callable[[Request, Callable[[], Reply]], Reply | None]


class Relay:
    """Listens on a free port of 127.0.0.1; a request meets the newest rule whose path fits it."""

    def __init__(self, upstream: str):
        self.seen: list[Request] = []
        self._rules: list[tuple[str, Rule]] = []
        self._busy = 0
        self._lock = threading.Lock()
        self._http = httpx.Client(base_url=upstream, timeout=60)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    @contextmanager
    def meanwhile(self, path: str, rule: Rule) -> Iterator[None]:
        """While it lasts, requests whose path begins with `path` meet `rule`."""
        entry = (path, rule)
        self._rules.append(entry)
        try:
            yield
        finally:
            self._rules.remove(entry)

    @contextmanager
    def cut(self) -> Iterator[None]:
        """No network: every connection closes without an answer."""
        with self.meanwhile(ANY, lambda _request, _pass_on: None):
            yield

    @property
    def pushes(self) -> list[Request]:
        return [request for request in list(self.seen) if request.path == PUSH]

    def forget(self) -> None:
        self.seen.clear()

    @property
    def idle(self) -> bool:
        """Nothing is under way."""
        with self._lock:
            return not self._busy

    def deal_with(self, request: Request) -> Reply | None:
        with self._lock:
            self._busy += 1
        try:
            self.seen.append(request)
            rule = next((rule for path, rule in reversed(self._rules) if request.path.startswith(path)), None)
            reply = rule(request, lambda: self._pass_on(request)) if rule else self._pass_on(request)
            request.status = reply.status if reply else 0
            return reply
        finally:
            with self._lock:
                self._busy -= 1

    def _pass_on(self, request: Request) -> Reply:
        target = request.headers[":target"]
        headers = {k: v for k, v in request.headers.items() if k not in _OF_THE_CONNECTION and k != ":target"}
        outgoing = self._http.build_request(request.method, target, headers=headers, content=request.content)
        answer = self._http.send(outgoing, stream=True)
        try:
            content = b"".join(answer.iter_raw())
        finally:
            answer.close()
        # Sessions belong to the client, never to the line.
        self._http.cookies.clear()
        fields = [(k, v) for k, v in answer.headers.multi_items() if k.lower() not in _OF_THE_CONNECTION]
        return Reply(answer.status_code, fields, content)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {k.lower(): v for k, v in self.headers.items()} | {":target": self.path}
                request = Request(self.command, self.path.split("?")[0], headers, content)
                try:
                    reply = Reply(503, [], b"") if "upgrade" in headers else relay.deal_with(request)
                except httpx.HTTPError:
                    reply = None
                if reply is None:
                    self.close_connection = True
                    return
                with suppress(OSError):
                    self.send_response_only(reply.status)
                    for name, value in reply.headers:
                        self.send_header(name, value)
                    if reply.status not in (204, 304):
                        self.send_header("Content-Length", str(len(reply.content)))
                    self.end_headers()
                    self.wfile.write(reply.content if self.command != "HEAD" else b"")

            do_GET = do_POST = do_DELETE = do_HEAD = do  # noqa: N815  the names are http.server's

            def log_message(self, *_: Any) -> None:
                """Quiet: `seen` is the log."""

        return Handler
