"""The application as benchmarks of alerts start it: the moments of each record's way are written to a file.

A request that carries `X-Trace: n` leaves a line `[moment, n, seconds]` for each step; what the hub does carries no
number. The clock is the machine's monotonic one, the same in every process.
"""

import contextvars
import json
import os
import time
from collections.abc import Callable
from typing import Any

from backend.config import asgi, wsgi
from backend.realtime import services
from backend.realtime.hub import Hub
from backend.sync import shortcut

_number: contextvars.ContextVar[str] = contextvars.ContextVar("number", default="")
_file = os.open(os.environ["BENCH_TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def mark(moment: str, number: str) -> None:
    os.write(_file, (json.dumps([moment, number, time.monotonic()]) + "\n").encode())


def wsgi_application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    if number := environ.get("HTTP_X_TRACE", ""):
        mark("started", number)
    _number.set(number)
    return wsgi.application(environ, start_response)


async def asgi_application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    number = next((value.decode() for key, value in scope.get("headers", []) if key == b"x-trace"), "")
    if number:
        mark("started", number)
    _number.set(number)
    await asgi.application(scope, receive, send)


def _watched(job: Callable[..., Any], before: str, after: str = "") -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        number = _number.get()
        if number:
            mark(before, number)
        try:
            return job(*args, **kwargs)
        finally:
            if number and after:
                mark(after, number)

    return run


def _handing_out(self: Hub, events: Any) -> None:
    mark("read", "")
    _hand_out(self, events)


async def _reading(self: Hub) -> None:
    mark("heard", "")
    await _read_on(self)


_hand_out, _read_on = Hub._hand_out, Hub.read_on
Hub._hand_out = _handing_out  # type: ignore[method-assign]
Hub.read_on = _reading  # type: ignore[method-assign]
services._ring_events = _watched(services._ring_events, "committed", "rung")
# Where it is called, not where it is defined: the short way holds the name as imported, which mypy calls no attribute.
shortcut.batch_open = _watched(shortcut.batch_open, "viewed")  # type: ignore[attr-defined]
