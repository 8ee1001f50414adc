"""Positions no phone was given, and those of another user, another server, another time: refused, or started over."""

import base64
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.sync import history
from backend.sync.rules import Cursor, Reached
from tests.conftest import CELL, OTHER_CELL
from tests.sync.conftest import expect_refused, households_in

# A pull shows what is committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
PULL = "/api/v1/sync/pull/"


def pull(phone: APIClient, cursor: str = "", **query: Any) -> Any:
    return phone.get(PULL, {"cursor": cursor, **query})


def everything(phone: APIClient, cursor: str = "") -> tuple[set[str], str, bool]:
    """Ids of what comes down from `cursor`, the last cursor, and whether it started over."""
    found: set[str] = set()
    started_over = False
    while True:
        answer = pull(phone, cursor, limit=7)
        assert answer.status_code == 200, answer.content
        page = answer.json()
        found |= {change["id"] for change in page["changes"] if change["op"] == "put"}
        started_over |= page["resync"]
        cursor = page["cursor"]
        if not page["more"]:
            return found, cursor, started_over


@pytest.fixture
def homes(worker: User) -> set[str]:
    return {str(each) for each in households_in(CELL, 12)}


def test_a_cursor_of_another_users_cells_starts_over_in_mine(
    phone: APIClient, homes: set[str], client_of: Callable[..., APIClient], user_with: Callable[..., User]
) -> None:
    foreign = {str(each) for each in households_in(OTHER_CELL, 3)}
    _, theirs, _ = everything(client_of(user_with(Role.GRID_WORKER, OTHER_CELL, "other")))
    found, _, started_over = everything(phone, theirs)
    assert started_over
    assert homes <= found
    assert not foreign & found


def test_a_cursor_of_another_server_starts_over(phone: APIClient, homes: set[str]) -> None:
    _, cursor, _ = everything(phone)
    history.history_remake()
    found, _, started_over = everything(phone, cursor)
    assert started_over
    assert homes <= found


def test_a_cursor_from_the_future_starts_over(phone: APIClient, homes: set[str]) -> None:
    """A machine set back to a snapshot is the same cluster: without this it would say "nothing new" for days."""
    _, cursor, _ = everything(phone)
    at = Cursor.decode(cursor)
    assert isinstance(at.place, Reached)
    ahead = msgspec.structs.replace(at, place=msgspec.structs.replace(at.place, xid=at.place.xid + 1_000_000)).encode()
    found, onward, started_over = everything(phone, ahead)
    assert started_over
    assert homes <= found
    assert not everything(phone, onward)[2], "only once"


def test_every_prefix_of_a_cursor_is_refused_or_starts_over(phone: APIClient, homes: set[str]) -> None:
    _, cursor, _ = everything(phone)
    for length in range(1, len(cursor)):
        answer = pull(phone, cursor[:length])
        if answer.status_code == 200:
            assert answer.json()["resync"]
        else:
            expect_refused(answer, 400, "bad_cursor")


def test_a_cursor_with_one_letter_changed_loses_nothing(phone: APIClient, homes: set[str]) -> None:
    """Refused, started over, or a position of ours: never a fault of the server."""
    _, cursor, _ = everything(phone)
    for index in range(len(cursor)):
        other = "B" if cursor[index] == "A" else "A"
        answer = pull(phone, cursor[:index] + other + cursor[index + 1 :], limit=1)
        assert answer.status_code in (200, 400), answer.content
        if answer.status_code == 400:
            expect_refused(answer, 400, "bad_cursor")


FORGED: list[tuple[int, int, str]] = [
    (1, 1, "\0"),
    (1, 1, "a" * 5000),
    (1, 1, "'; DROP TABLE facts_syncitem; --"),
    (-1, 1, ""),
    (1, -1, ""),
    (2**63, 1, ""),
    (10**40, 1, ""),
    (1, 10**40, ""),
]


def test_a_forged_cursor_is_refused(phone: APIClient, homes: set[str]) -> None:
    at = Cursor.decode(everything(phone)[1])
    for position in FORGED:
        parts = json.dumps([at.history, at.scope, at.policy, ["r", *position]]).encode()
        expect_refused(pull(phone, base64.urlsafe_b64encode(parts).decode().rstrip("=")), 400, "bad_cursor")


def test_garbage_is_no_cursor(phone: APIClient) -> None:
    for cursor in ("\0", "null", "WyJhIl0", "e30", "AAAA", "%00", "🙂", "-", "." * 100_000):
        expect_refused(pull(phone, cursor), 400, "bad_cursor")
