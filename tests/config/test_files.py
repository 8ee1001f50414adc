"""Files through ASGI: whole, in parts, without a warning."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from backend.config.threads import ThreadedASGIHandler

#: More than one part, and not a whole number of them.
CONTENT = b"0123456789abcdef" * 10_000 + b"end"


@pytest.fixture
def build(tmp_path: Path, settings: Any) -> Path:
    """A build of the phone app, made after the process started: WhiteNoise does not know it."""
    settings.PWA_FOLDER = tmp_path
    (tmp_path / "index.html").write_text("<title>网格守望</title>", encoding="utf-8")
    (tmp_path / "late.js").write_bytes(CONTENT)
    return tmp_path


async def _parts(path: str) -> list[bytes]:
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("x", 80),
    }  # fmt: skip
    client = ApplicationCommunicator(ThreadedASGIHandler(threads=2), scope)
    await client.send_input({"type": "http.request"})
    start = await client.receive_output(10)
    assert start["status"] == 200
    parts = []
    more = True
    while more:
        message = await client.receive_output(10)
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    await client.wait(10)
    return parts


@pytest.mark.parametrize("path", ["/late.js", "/", "/households/1", "/static/admin/css/base.css"])
def test_a_file_goes_out_without_a_warning(build: Path, path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert b"".join(asyncio.run(_parts(path)))


def test_a_large_file_is_not_held_in_memory_whole(build: Path) -> None:
    parts = asyncio.run(_parts("/late.js"))
    assert b"".join(parts) == CONTENT
    assert max(map(len, parts)) < len(CONTENT) / 2


def test_under_wsgi_the_server_reads_the_file(build: Path) -> None:
    answer = Client().get("/late.js")
    assert not isinstance(answer.streaming_content, AsyncIterator)
    assert b"".join(answer.streaming_content) == CONTENT
