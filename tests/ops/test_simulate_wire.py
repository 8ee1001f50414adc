"""The simulated phone does as docs/sync.md says when the server is busy."""

import asyncio

import httpx
import pytest

from backend.ops.simulate.wire import Traffic, Wire


def test_a_busy_server_is_asked_again_when_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, json={"results": []})])
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def run() -> object:
        wire = Wire("http://server", Traffic())
        wire.client = httpx.AsyncClient(
            base_url="http://server", transport=httpx.MockTransport(lambda _: next(answers))
        )
        monkeypatch.setattr(asyncio, "sleep", sleep)
        return await wire.request("POST", "/api/v1/sync/push/", json={}), wire.traffic.busy

    assert asyncio.run(run()) == ({"results": []}, 1)
    assert waits == [7.0]
