"""What no phone of ours sends, over real HTTP: cursors, receipts, sizes, choices. A clear error, and nothing is lost.

Carried files that are altered, in the wrong hands or from a phone out of use: tests/conformance/test_carried.py.
"""

import base64
import gzip
import json
import uuid
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from launch.stack import Stack
from tests.conformance.world import World, today
from tests.faults.conftest import Phone

pytestmark = pytest.mark.faults
MEGABYTE = 1_000_000


@pytest.fixture
def phone(stack: Stack, session_world: World) -> Phone:
    """A phone of somebody no other test has met."""
    return Phone(stack.url, session_world.worker().username)


def said(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal in its one shape, with a sentence."""
    body = answer.json()
    assert body["message"].endswith("。")
    return answer.status_code, body["code"]


def download(phone: Phone, cursor: str = "") -> tuple[set[str], str, bool]:
    """Households that came after `cursor`, the cursor after them, and whether the download began anew."""
    homes: set[str] = set()
    began_anew = False
    while True:
        page = phone.get("sync/pull/", cursor=cursor, limit=2000)
        began_anew |= page["resync"]
        homes |= {c["id"] for c in page["changes"] if c["kind"] == "household" and c["op"] == "put"}
        cursor = page["cursor"]
        if not page["more"]:
            return homes, cursor, began_anew


def test_a_cursor_that_is_not_his_or_not_of_this_server_begins_anew(
    phone: Phone, stack: Stack, session_world: World
) -> None:
    """Without the history, the scope and the horizon in a cursor, each of these would say "nothing new"."""
    mine = set(phone.households)
    _, cursor, _ = download(phone)
    _, theirs, _ = download(Phone(stack.url, session_world.worker().username))
    history, scope, policy, place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    kind, xid, *last = place

    def forged(*parts: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")

    elsewhere = forged(str(uuid.uuid4()), scope, policy, place)
    ahead = forged(history, scope, policy, [kind, xid + 1_000_000, *last])
    for strange in (theirs, elsewhere, ahead):
        homes, onward, began_anew = download(phone, strange)
        assert began_anew
        assert homes == mine
        assert download(phone, onward) == (set(), onward, False)


def test_a_cursor_cut_short_is_refused_in_words(phone: Phone) -> None:
    _, cursor, _ = download(phone)
    for piece in (cursor[: len(cursor) // 2], cursor[:-5], cursor[3:], "\0", "null"):
        assert said(phone.http.get("sync/pull/", params={"cursor": piece})) == (400, "bad_cursor")


def test_receipts_of_somebody_elses_phone_are_not_found(phone: Phone, stack: Stack, session_world: World) -> None:
    worker = session_world.worker()
    other = httpx.Client(base_url=f"{stack.url}/api/v1/")
    device = str(uuid.uuid4())
    body = {"username": worker.username, "password": "gridkeeper-demo", "device": {"id": device, "name": "红米 9A"}}
    assert other.post("session/", json=body).status_code == 200
    other.close()
    asked = {"day": today(), "device": device}
    assert said(phone.http.get("sync/receipts/", params=asked)) == (404, "not_found")
    assert said(phone.post("sync/receipts/", {**asked, "made": []})) == (404, "not_found")
    assert said(phone.http.get("sync/keys/", params={"device": device})) == (404, "not_found")


def spaces(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield b" " * MEGABYTE


def bomb(megabytes: int, *, layers: int = 1) -> bytes:
    squeezer = zlib.compressobj(9, wbits=31)
    packed = b"".join(squeezer.compress(piece) for piece in spaces(megabytes)) + squeezer.flush()
    return packed if layers == 1 else gzip.compress(packed)


def test_what_is_too_large_is_refused_and_the_server_goes_on(phone: Phone) -> None:
    """Ten thousand items, fifty megabytes with and without a length, two hundred megabytes in two hundred kilobytes."""
    good = phone.visit(phone.households[0])
    now = good["observed_at"]
    envelope = {"device": phone.device, "api_level": 1, "sent_at": now, "items": [good] * 10_000}
    many = gzip.compress(json.dumps(envelope).encode())
    packed = {"Content-Encoding": "gzip"}
    bodies: list[tuple[Any, dict[str, str], set[str]]] = [
        (many, packed, {"too_large"}),
        (b" " * (50 * MEGABYTE), {}, {"too_large"}),
        (spaces(50), {}, {"too_large"}),
        (bomb(200), packed, {"too_large"}),
        # What is inside a packed body and is packed itself is no JSON; how far it was read is for the server to say.
        (bomb(200, layers=2), packed, {"too_large", "not_json"}),
    ]
    for content, headers, codes in bodies:
        answer = phone.http.post("sync/push/", content=content, headers={"Content-Type": "application/json", **headers})
        status, code = said(answer)
        assert (status, code in codes) == (413 if code == "too_large" else 400, True)
    assert phone.confirmed() == set()
    assert [result["verdict"] for result in phone.push(good).json()["results"]] == ["created"]
    assert phone.confirmed() == {good["id"]}


def test_a_choice_about_somebody_who_was_deleted_is_void(phone: Phone, session_world: World) -> None:
    region = phone.region
    person = session_world.do("person", region=region)
    edit = phone.visit(phone.households[0]) | {
        "kind": "person_edit", "body": {"person": person, "version": 1, "changes": {"name": "王六"}},
    }  # fmt: skip
    (clash,) = phone.push(edit).json()["results"]
    assert (clash["verdict"], clash["code"]) == ("conflict", "edited_elsewhere")
    session_world.do("erase", person=person)
    choice = phone.visit(phone.households[0]) | {
        "kind": "conflict_choice", "body": {"conflict": edit["id"], "version": 1, "choices": {"name": "mine"}},
    }  # fmt: skip
    (refused,) = phone.push(choice).json()["results"]
    assert (refused["verdict"], refused["code"]) == ("rejected", "target_gone")
    # The edit itself is settled: nothing is left to do, and the phone's day can be closed.
    (again,) = phone.push(edit).json()["results"]
    assert again["verdict"] == "duplicate"
