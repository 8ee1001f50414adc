"""HTTP under ASGI: one thread works on a request from its start to its end."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse

from backend.config.threads import ThreadedASGIHandler

SCOPE = {
    "type": "http", "http_version": "1.1", "method": "GET", "path": "/healthz", "raw_path": b"/healthz",
    "query_string": b"", "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("x", 80),
}  # fmt: skip


async def _ask(handler: ThreadedASGIHandler) -> int:
    client = ApplicationCommunicator(handler, SCOPE)
    await client.send_input({"type": "http.request"})
    start = await client.receive_output(10)
    await client.receive_output(10)
    await client.wait(10)
    return int(start["status"])


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The names of the threads in which a request starts, is worked on, and ends."""
    seen: list[str] = []

    def note(*_: Any, **__: Any) -> None:
        seen.append(threading.current_thread().name)

    def work(self: Any, request: HttpRequest) -> HttpResponse:
        note()
        return HttpResponse()

    monkeypatch.setattr("django.core.handlers.base.BaseHandler._get_response", work)
    request_started.connect(note)
    request_finished.connect(note)
    yield seen
    request_started.disconnect(note)
    request_finished.disconnect(note)


def test_a_request_stays_in_its_thread_and_the_next_finds_it_there(threads: list[str]) -> None:
    handler = ThreadedASGIHandler(threads=1)

    async def two() -> list[int]:
        return [await _ask(handler), await _ask(handler)]

    assert asyncio.run(two()) == [200, 200]
    assert len(threads) == 6
    assert set(threads) == {"http_0"}


def test_who_hangs_up_before_the_end_of_his_body_is_not_answered(threads: list[str]) -> None:
    async def gone() -> bool:
        client = ApplicationCommunicator(ThreadedASGIHandler(threads=1), SCOPE)
        await client.send_input({"type": "http.disconnect"})
        await client.wait(10)
        return await client.receive_nothing()

    assert asyncio.run(gone())
    assert threads == []
