"""Places of a web process: short requests first, large uploads in line, and no more of them than the line holds."""

import asyncio
import gzip
import io
import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils import uuid7

from backend.config.lanes import LATEST_RETURN, PUSH_PATH, SHORT_BYTES, SHORT_GZIP_BYTES, BusyError, Lanes, is_large
from backend.config.turnstile import AsgiTurnstile, WsgiTurnstile


class Caller:
    """Somebody at the turnstile; `inside` once it has a place."""

    def __init__(self, lanes: Lanes, *, large: bool) -> None:
        self.lanes, self.large = lanes, large
        self.inside = lanes.enter(large=large, wake=self.wake)

    def wake(self) -> None:
        self.inside = True

    def leave(self) -> None:
        self.lanes.leave(large=self.large)


def test_large_uploads_leave_places_free() -> None:
    lanes = Lanes(places=3, bulk=2, queue=1)
    large = [Caller(lanes, large=True) for _ in range(3)]
    assert [c.inside for c in large] == [True, True, False]
    assert Caller(lanes, large=False).inside
    with pytest.raises(BusyError):
        Caller(lanes, large=True)


def test_whoever_is_short_goes_before_a_large_upload_that_came_first() -> None:
    lanes = Lanes(places=2, bulk=2, queue=2)
    first, second = Caller(lanes, large=True), Caller(lanes, large=True)
    waiting, short = Caller(lanes, large=True), Caller(lanes, large=False)
    first.leave()
    assert (waiting.inside, short.inside) == (False, True)
    second.leave()
    assert waiting.inside


def test_who_no_longer_waits_takes_no_place() -> None:
    lanes = Lanes(places=1, bulk=1, queue=2)
    first, gone, last = (Caller(lanes, large=True) for _ in range(3))
    lanes.withdraw(gone.wake, large=True)
    first.leave()
    assert (gone.inside, last.inside) == (False, True)
    # Woken and gone at the same moment: the place goes on.
    after = Caller(lanes, large=False)
    lanes.withdraw(last.wake, large=True)
    assert after.inside


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60))
def test_never_more_inside_than_places_and_nobody_forgotten(steps: list[tuple[bool, int]]) -> None:
    lanes = Lanes(places=3, bulk=2, queue=4)
    callers: list[Caller] = []
    for large, leaver in steps:
        inside = [c for c in callers if c.inside]
        if leaver < len(inside):
            inside[leaver].leave()
            callers.remove(inside[leaver])
        else:
            try:
                callers.append(Caller(lanes, large=large))
            except BusyError:
                assert sum(c.large and not c.inside for c in callers) == 4
        inside = [c for c in callers if c.inside]
        assert len(inside) <= 3
        assert sum(c.large for c in inside) <= 2
    while inside := [c for c in callers if c.inside]:
        inside[0].leave()
        callers.remove(inside[0])
    assert callers == []


@pytest.mark.parametrize(
    ("method", "path", "length", "packed", "large"),
    [
        ("POST", PUSH_PATH, SHORT_BYTES, False, False),
        ("POST", PUSH_PATH, SHORT_BYTES + 1, False, True),
        ("POST", PUSH_PATH, SHORT_GZIP_BYTES, True, False),
        ("POST", PUSH_PATH, SHORT_GZIP_BYTES + 1, True, True),
        ("POST", PUSH_PATH, None, False, True),
        ("GET", PUSH_PATH, None, False, False),
        ("POST", "/api/v1/session/", 10**6, False, False),
    ],
)
def test_only_a_long_push_is_large(method: str, path: str, length: int | None, *, packed: bool, large: bool) -> None:
    assert is_large(method=method, path=path, length=length, packed=packed) is large


def test_a_full_upload_of_a_phone_is_large_and_a_few_records_are_not() -> None:
    """As the phone app sends them: gzip from 4 kB on."""

    def packed(count: int) -> int:
        items = [
            {"id": str(uuid7()), "kind": "visit", "schema": 1, "seq": n,
             "observed_at": f"2026-11-22T01:{n % 60:02}:07.123Z",
             "body": {"household": str(uuid7()), "outcome": "seen_well"}}
            for n in range(count)
        ]  # fmt: skip
        return len(gzip.compress(json.dumps({"device": str(uuid7()), "items": items}).encode()))

    assert packed(100) > SHORT_GZIP_BYTES
    assert packed(15) < SHORT_GZIP_BYTES


BODY = b"x" * (SHORT_BYTES + 1)


def _check_refusal(status: int, headers: dict[str, str], body: bytes) -> None:
    assert status == 429
    assert 1 <= int(headers["retry-after"]) <= LATEST_RETURN
    assert headers["content-type"] == "application/json"
    assert b'"code": "busy"' in body


def _environ(body: bytes) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST", "PATH_INFO": PUSH_PATH, "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }  # fmt: skip


def test_wsgi_waits_refuses_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.config.turnstile.LONGEST_WAIT", 60)
    release, started = threading.Event(), threading.Semaphore(0)
    answers: list[tuple[int, dict[str, str], bytes]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        started.release()
        assert release.wait(10)
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    def call() -> None:
        got: list[Any] = []
        body = b"".join(turnstile(_environ(BODY), lambda status, headers: got.append((status, headers))))
        status, headers = got[0]
        answers.append((int(status[:3]), {n.lower(): v for n, v in headers}, body))

    turnstile = WsgiTurnstile(application, Lanes(places=2, bulk=1, queue=1))
    threads = [threading.Thread(target=call) for _ in range(3)]
    threads[0].start()
    assert started.acquire(timeout=10)
    threads[1].start()
    while not turnstile.lanes._bulk_waiting:
        pass
    call()
    _check_refusal(*answers[0])
    release.set()
    for thread in threads[:2]:
        thread.join(10)
    assert [(status, body) for status, _, body in answers[1:]] == [(200, BODY)] * 2


def test_nobody_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.config.turnstile.LONGEST_WAIT", 0.01)
    lanes = Lanes(places=1, bulk=1)
    assert lanes.enter(large=True, wake=bool)
    got: list[Any] = []
    turnstile = WsgiTurnstile(lambda environ, start_response: [], lanes)
    body = b"".join(turnstile(_environ(BODY), lambda status, headers: got.extend((status, headers))))
    _check_refusal(int(got[0][:3]), {n.lower(): v for n, v in got[1]}, body)

    async def asgi() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": BODY}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": PUSH_PATH, "headers": []}
        await AsgiTurnstile(send, lanes)(scope, receive, send)  # type: ignore[arg-type]
        return sent

    assert asyncio.run(asgi())[0]["status"] == 429
    lanes.leave(large=True)
    assert (lanes._taken, len(lanes._bulk_waiting)) == (0, 0)


def test_asgi_waits_refuses_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.config.turnstile.LONGEST_WAIT", 60)
    asyncio.run(_asgi())


async def _asgi() -> None:
    release, started = asyncio.Event(), asyncio.Semaphore(0)

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        started.release()
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def call() -> list[dict[str, Any]]:
        parts = iter([{"body": BODY[:5], "more_body": True}, {"body": BODY[5:]}])
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", **next(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(b"content-length", str(len(BODY)).encode())]
        await turnstile({"type": "http", "method": "POST", "path": PUSH_PATH, "headers": headers}, receive, send)
        return sent

    turnstile = AsgiTurnstile(application, Lanes(places=2, bulk=1, queue=2))
    first = asyncio.create_task(call())
    await started.acquire()
    gone, second = asyncio.create_task(call()), asyncio.create_task(call())
    await asyncio.sleep(0)
    refused = await call()
    headers = {name.decode(): value.decode() for name, value in refused[0]["headers"]}
    _check_refusal(refused[0]["status"], headers, refused[1]["body"])
    gone.cancel()
    release.set()
    for done in await asyncio.wait_for(asyncio.gather(first, second), 10):
        assert [done[0]["status"], done[1]["body"]] == [200, BODY]
    assert turnstile.lanes._taken == 0
