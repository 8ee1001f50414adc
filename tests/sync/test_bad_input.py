"""What no phone should send, and somebody will: a clear code, a sentence to act on, and nothing lost."""

import gzip
import io
import json
import tracemalloc
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.facts.models import SyncItem
from backend.sync.uploads import MAX_BODY, read_envelope
from backend.visits.models import Visit
from tests.conftest import CELL
from tests.sync.conftest import DEVICE, expect_refused, households_in, item

PUSH, RECEIPTS = "/api/v1/sync/push/", "/api/v1/sync/receipts/"


@pytest.fixture
def homes(worker: User) -> set[str]:
    return {str(each) for each in households_in(CELL, 12)}


# --- receipts -----------------------------------------------------------------------------------------------------


def test_receipts_of_someone_elses_device_show_nothing(
    phone: APIClient,
    push: Callable[..., Any],
    homes: set[str],
    client_of: Callable[..., APIClient],
    user_with: Callable[..., User],
) -> None:
    """Nor do they of one that never was: but that is no fault, a restored server must be able to say what it lacks."""
    push(item("visit", {"household": min(homes), "outcome": "seen_well"}))
    other = client_of(user_with(Role.GRID_WORKER, CELL, "other"))
    today = clock.today().isoformat()
    expect_refused(other.get(RECEIPTS, {"day": today, "device": DEVICE}), 404, "not_found")
    assert other.get(RECEIPTS, {"day": today, "device": str(uuid.uuid4())}).json()["items"] == []
    assert other.get(RECEIPTS, {"day": today}).json()["items"] == []
    assert len(phone.get(RECEIPTS, {"day": today, "device": DEVICE}).json()["items"]) == 1


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({}, "missing_field", "day"),
        ({"day": ""}, "missing_field", "day"),
        ({"day": "today"}, "bad_field", "day"),
        ({"day": "2026-02-30"}, "bad_field", "day"),
        ({"day": "0000-00-00"}, "bad_field", "day"),
        ({"day": "2026-11-22\0"}, "bad_field", "day"),
        ({"day": "2026-11-22", "device": "mine"}, "bad_field", "device"),
        ({"day": "2026-11-22", "device": "\0"}, "bad_field", "device"),
        ({"day": "2026-11-22", "user": "7"}, "unknown_field", None),
    ],
)
def test_a_bad_question_about_receipts_is_refused(
    phone: APIClient, query: dict[str, str], code: str, field: str | None
) -> None:
    answer = phone.get(RECEIPTS, query)
    expect_refused(answer, 400, code)
    if field:
        assert answer.json()["field"] == field


# --- batches ------------------------------------------------------------------------------------------------------


def envelope(*items: Any) -> dict[str, Any]:
    return {"device": DEVICE, "api_level": 1, "sent_at": clock.now().isoformat(), "items": list(items)}


def post(phone: APIClient, raw: bytes, *, encoding: str = "") -> Any:
    extra: dict[str, Any] = {"HTTP_CONTENT_ENCODING": encoding} if encoding else {}
    return phone.generic("POST", PUSH, raw, content_type="application/json", **extra)  # type: ignore[arg-type]


def test_ten_thousand_items_are_refused_whole_and_pass_in_halves(phone: APIClient, homes: set[str]) -> None:
    """Refused as too large, stored by nobody; cut as docs/sync.md says, all arrive."""
    home = min(homes)
    many = [item("visit", {"household": home, "outcome": "nobody_home"}) for _ in range(2000)]
    padded = json.dumps(envelope(*(many * 5))).encode()
    packed = gzip.compress(padded, 1)
    expect_refused(post(phone, packed, encoding="gzip"), 413, "too_large")
    assert SyncItem.objects.count() == 0
    size = len(many)
    while size:
        answer = post(phone, gzip.compress(json.dumps(envelope(*many[:size])).encode(), 1), encoding="gzip")
        if answer.status_code == 413:
            size = -(-size // 2)
            continue
        assert {result["verdict"] for result in answer.json()["results"]} == {"created"}
        many = many[size:]
        size = min(size, len(many))
    assert Visit.objects.count() == 2000


def test_fifty_megabytes_are_refused_by_their_length(phone: APIClient) -> None:
    expect_refused(post(phone, b" " * 50_000_000), 413, "too_large")


class Chunks(io.RawIOBase):
    """A body that never ends, and how much of it was taken."""

    def __init__(self) -> None:
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.taken += len(buffer)
        buffer[:] = b" " * len(buffer)
        return len(buffer)


def streamed(body: Any, *, encoding: str = "") -> ASGIRequest:
    """A push whose body names no length."""
    headers = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
    if encoding:
        headers.append((b"content-encoding", encoding.encode()))
    scope = {"type": "http", "method": "POST", "path": PUSH, "query_string": b"", "headers": headers}
    return ASGIRequest(scope, body)


def test_a_body_without_a_length_is_cut_off_at_the_limit() -> None:
    body = Chunks()
    with pytest.raises(ApiError) as refused:
        read_envelope(streamed(io.BufferedReader(body)))
    assert refused.value.code is ErrorCode.TOO_LARGE
    assert body.taken < 2 * MAX_BODY


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_unpacks_to_no_more_than_the_limit(layers: int) -> None:
    """Two gigabytes in two megabytes: what is unpacked stays small."""
    squeezer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(squeezer.compress(b" " * 1_000_000) for _ in range(2000)) + squeezer.flush()
    if layers == 2:
        bomb = gzip.compress(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(ApiError) as refused:
            read_envelope(streamed(io.BytesIO(bomb), encoding="gzip"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.code in (ErrorCode.TOO_LARGE, ErrorCode.NOT_JSON)
    assert peak < 5 * MAX_BODY


def test_many_small_gzip_members_are_counted_together(phone: APIClient) -> None:
    expect_refused(post(phone, gzip.compress(b" " * 500_000) * 10, encoding="gzip"), 413, "too_large")


def test_a_truncated_gzip_is_refused_and_the_whole_one_is_taken(phone: APIClient, homes: set[str]) -> None:
    sent = envelope(*(item("visit", {"household": each, "outcome": "seen_well"}) for each in sorted(homes)))
    whole = gzip.compress(json.dumps(sent).encode())
    for length in (1, 9, 10, len(whole) // 2, len(whole) - 8, len(whole) - 1):
        expect_refused(post(phone, whole[:length], encoding="gzip"), 400, "not_json")
    assert SyncItem.objects.count() == 0
    answer = post(phone, whole, encoding="gzip").json()
    assert [result["verdict"] for result in answer["results"]] == ["created"] * len(homes)


@pytest.mark.parametrize("tail", [b"rubbish", b"\0" * 9 + b"x"])
def test_rubbish_behind_a_gzip_is_refused(phone: APIClient, tail: bytes) -> None:
    expect_refused(post(phone, gzip.compress(b"{}") + tail, encoding="gzip"), 400, "not_json")


def test_a_body_that_is_packed_but_does_not_say_so_is_refused(phone: APIClient) -> None:
    expect_refused(post(phone, gzip.compress(b"{}")), 400, "not_json")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "x"])
def test_another_packing_is_refused(phone: APIClient, encoding: str) -> None:
    expect_refused(post(phone, b"{}", encoding=encoding), 415, "unsupported_media")


def test_an_item_too_large_comes_back_alone(push: Callable[..., Any], homes: set[str]) -> None:
    good = item("visit", {"household": min(homes), "outcome": "seen_well"})
    big = item("visit", {"household": min(homes), "outcome": "seen_well", "note": "长" * 9000})
    first, second = push(big, good)["results"]
    assert (first["verdict"], first["code"]) == ("rejected", "item_too_large")
    assert "。" in first["message"]
    assert second["verdict"] == "created"
