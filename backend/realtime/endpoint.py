"""The ASGI application behind `/ws/alerts/`. See docs/realtime.md."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from django.db import DatabaseError, InterfaceError

from backend.core.errors import ApiError, ErrorCode, error_body
from backend.realtime.admission import admit, after_of, origin_allowed, session_key_of
from backend.realtime.catalogue import ErrorFrame, EventFrame, Hello, Live, decode_client, encode
from backend.realtime.hub import HEARTBEAT_SECONDS, PAGE, Hub
from backend.realtime.sockets import (
    CLOSE_BAD_REQUEST,
    CLOSE_FORBIDDEN,
    CLOSE_NOT_SIGNED_IN,
    CLOSE_POLICY,
    CLOSE_TOO_LARGE,
    CLOSE_TRY_LATER,
    Send,
    Socket,
)
from backend.realtime.source import EventSource
from backend.realtime.wire import Message

logger = logging.getLogger(__name__)
Receive = Callable[[], Awaitable[dict[str, Any]]]

#: Longest frame a client may send, in characters; the one frame it has is shorter by far.
LONGEST_FRAME = 4096
#: After this many refused frames the socket is closed.
PATIENCE = 20
_CLOSE_OF = {
    ErrorCode.BAD_FIELD: CLOSE_BAD_REQUEST,
    ErrorCode.NOT_SIGNED_IN: CLOSE_NOT_SIGNED_IN,
    ErrorCode.PASSWORD_CHANGE_REQUIRED: CLOSE_FORBIDDEN,
    ErrorCode.FORBIDDEN: CLOSE_FORBIDDEN,
    ErrorCode.UNAVAILABLE: CLOSE_TRY_LATER,
}


def _error(code: ErrorCode, field: str | None = None) -> str:
    return encode(ErrorFrame(code.code, code.message, field))


class AlertEndpoint:
    """Admits a socket, lets it catch up, then leaves delivery to the hub of this event loop."""

    def __init__(self, source: EventSource) -> None:
        self.source = source
        self._hub: Hub | None = None

    @property
    def hub(self) -> Hub:
        """The hub of the running loop; made at the first socket, since a server need not announce its start."""
        if self._hub is None or self._hub.loop is not asyncio.get_running_loop():
            self._hub = Hub(self.source)
        return self._hub

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        if not origin_allowed(scope):
            await _refuse(scope, send, ErrorCode.BAD_ORIGIN)
            return
        # A close code can be told only on an open socket: accept first, refuse after.
        await send({"type": "websocket.accept"})
        # A client that leaves makes `send` raise an OSError; there is nobody left to tell.
        with contextlib.suppress(OSError):
            try:
                after = after_of(scope)
                grant = await self.hub.in_database(admit, session_key_of(scope))
                await self._serve(Socket(grant=grant, send=send), after, receive)
            except ApiError as error:
                await send({"type": "websocket.send", "text": _error(error.code, error.field)})
                await send({"type": "websocket.close", "code": _CLOSE_OF[error.code]})
            except (DatabaseError, InterfaceError) as error:
                logger.warning("socket turned away: %s", type(error).__name__)
                await send({"type": "websocket.send", "text": _error(ErrorCode.UNAVAILABLE)})
                await send({"type": "websocket.close", "code": CLOSE_TRY_LATER})

    async def _serve(self, socket: Socket, after: int | None, receive: Receive) -> None:
        hub = self.hub
        try:
            upto = await hub.join(socket, after)
            await self._catch_up(hub, socket, after, upto)
            socket.release()
            await _read(socket, receive)
        finally:
            await socket.end()
            await hub.leave(socket)

    async def _catch_up(self, hub: Hub, socket: Socket, after: int | None, upto: int) -> None:
        """Hello, what was missed, live."""
        await socket.send(encode(Hello(upto, HEARTBEAT_SECONDS)))
        # An `after` that is still ahead belongs to another database's past: nothing was missed in this one.
        position = upto if after is None else after
        while position < upto and not socket.closing:
            events = await hub.in_database(
                self.source.events_after, position, until=upto, scope=socket.grant.scope, limit=PAGE
            )
            for event in events:
                await socket.send(encode(EventFrame(event)))
            position = events[-1].seq if len(events) == PAGE else upto
        if not socket.closing:
            await socket.send(encode(Live()))


async def _read(socket: Socket, receive: Receive) -> None:
    """Take in what the client sends until it leaves. Nothing it sends can do more than close its own socket."""
    refused = 0
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        code = _fault_of(message.get("text"))
        if code is None:
            continue
        refused += 1
        if code is ErrorCode.TOO_LARGE:
            socket.close(CLOSE_TOO_LARGE, Message(_error(code)))
        elif refused > PATIENCE:
            socket.close(CLOSE_POLICY, Message(_error(ErrorCode.TOO_MANY_REQUESTS)))
        else:
            socket.offer(Message(_error(code)))


def _fault_of(text: str | None) -> ErrorCode | None:
    """What is wrong with a client's frame; None when it is in the catalogue."""
    if text is None:
        return ErrorCode.UNSUPPORTED_MEDIA
    if len(text) > LONGEST_FRAME:
        return ErrorCode.TOO_LARGE
    try:
        decode_client(text)
    except msgspec.ValidationError:
        return ErrorCode.BAD_REQUEST
    except (msgspec.DecodeError, RecursionError):
        return ErrorCode.NOT_JSON
    return None


async def no_such_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Any other socket address: 404."""
    await receive()
    await _refuse(scope, send, ErrorCode.NOT_FOUND)


async def _refuse(scope: dict[str, Any], send: Send, code: ErrorCode) -> None:
    """Answer the handshake itself, with the one error shape where the server can."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    body = json.dumps(error_body(code), ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": code.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
