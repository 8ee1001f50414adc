"""The lanes (`lanes.py`) in front of Django, for WSGI and for ASGI.

A request is read to its end before it asks for a place: a phone on a slow line must not hold one while it sends.
"""

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any

from backend.config.lanes import LONGEST_WAIT, BusyError, Lanes, is_large, refusal

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

#: What is read ahead of a request at most; the rest of a longer one is read by the application itself.
READ_AHEAD = 4 * 1024 * 1024


def _length(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


class WsgiTurnstile:
    """Wraps a WSGI application. A waiting request holds a thread: the server needs more of them than places."""

    def __init__(self, application: Callable[..., Iterable[bytes]], lanes: Lanes) -> None:
        self.application, self.lanes = application, lanes

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = _length(environ.get("CONTENT_LENGTH"))
        large = is_large(
            method=environ["REQUEST_METHOD"], path=environ.get("PATH_INFO", ""), length=length,
            packed=environ.get("HTTP_CONTENT_ENCODING") == "gzip",
        )  # fmt: skip
        if length and length <= READ_AHEAD:
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
        # A taken lock, and whoever is next releases it: an event costs more to make than most requests wait.
        turn = threading.Lock()
        turn.acquire()
        try:
            patience = LONGEST_WAIT if large else -1
            if not self.lanes.enter(large=large, wake=turn.release) and not turn.acquire(timeout=patience):
                self.lanes.withdraw(turn.release, large=large)
                raise BusyError
        except BusyError:
            status, headers, body = refusal()
            start_response(f"{status} {HTTPStatus(status).phrase}", headers)
            return [body]
        try:
            # The answer is made when this returns; only files are read afterwards, and they need no place.
            return self.application(environ, start_response)
        finally:
            self.lanes.leave(large=large)


class AsgiTurnstile:
    """Wraps an ASGI application that answers HTTP. Waiting costs no thread."""

    def __init__(self, application: Callable[..., Awaitable[None]], lanes: Lanes) -> None:
        self.application, self.lanes = application, lanes

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        length = _length(headers.get(b"content-length"))
        packed = headers.get(b"content-encoding") == "gzip"
        large = is_large(method=scope["method"], path=scope["path"], length=length, packed=packed)
        ahead = await _read_ahead(receive)
        loop = asyncio.get_running_loop()
        turn = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(turn.set)

        try:
            if not self.lanes.enter(large=large, wake=wake):
                try:
                    await asyncio.wait_for(turn.wait(), LONGEST_WAIT if large else None)
                except TimeoutError:
                    self.lanes.withdraw(wake, large=large)
                    raise BusyError from None
                except asyncio.CancelledError:
                    self.lanes.withdraw(wake, large=large)
                    raise
        except BusyError:
            await _refuse(send)
            return
        held = True

        async def sending(message: dict[str, Any]) -> None:
            # The work is done: how fast the client takes the answer must not keep others waiting.
            nonlocal held
            if held:
                held = False
                self.lanes.leave(large=large)
            await send(message)

        try:
            await self.application(scope, _replayed(ahead, receive), sending)
        finally:
            if held:
                self.lanes.leave(large=large)


async def _read_ahead(receive: Receive) -> list[dict[str, Any]]:
    """The messages of the body, to its end or to `READ_AHEAD` bytes."""
    messages = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body") or size > READ_AHEAD:
            return messages


def _replayed(messages: list[dict[str, Any]], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replay() -> dict[str, Any]:
        message = next(waiting, None)
        return await receive() if message is None else message

    return replay


async def _refuse(send: Send) -> None:
    status, headers, body = refusal()
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
