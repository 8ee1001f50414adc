"""Closing a phone's day: made = confirmed, by id, signed; and what the office is told."""

import base64
import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Device, User
from backend.core import clock, signing
from backend.core.ids import new_id
from backend.facts.models import SyncItem
from backend.sync.models import DayClosing
from backend.visits.models import Visit
from tests.conftest import CELL
from tests.sync.conftest import DEVICE, item

pytestmark = pytest.mark.django_db
RECEIPTS = "/api/v1/sync/receipts/"


def visit(household: uuid.UUID) -> dict[str, Any]:
    return item("visit", {"household": str(household), "outcome": "seen_well"})


def close(client: APIClient, made: list[str], **changes: Any) -> Any:
    body = {"device": DEVICE, "day": clock.today().isoformat(), "made": made, **changes}
    return client.post(RECEIPTS, body, format="json")


def test_a_day_closes_when_everything_made_is_confirmed(
    push: Callable[..., Any], phone: APIClient, household: uuid.UUID
) -> None:
    items = [visit(household) for _ in range(3)]
    push(*items)
    answer = close(phone, [each["id"] for each in items]).json()
    assert (answer["made"], answer["confirmed"], answer["missing"], answer["closed"]) == (3, 3, [], True)
    row = DayClosing.objects.get()
    assert (row.made, row.confirmed, row.closed_at is not None) == (3, 3, True)


def test_what_the_server_does_not_hold_is_named_and_the_day_stays_open(
    push: Callable[..., Any], phone: APIClient, household: uuid.UUID
) -> None:
    items = [visit(household) for _ in range(3)]
    push(*items)
    SyncItem.objects.filter(pk=items[1]["id"]).delete()
    Visit.objects.filter(pk=items[1]["id"]).delete()
    answer = close(phone, [each["id"] for each in items]).json()
    assert (answer["missing"], answer["closed"]) == ([items[1]["id"]], False)
    assert DayClosing.objects.get().closed_at is None
    push(items[1])
    assert close(phone, [each["id"] for each in items]).json()["closed"] is True
    assert DayClosing.objects.get().closed_at is not None


def test_a_refused_record_keeps_the_day_open(push: Callable[..., Any], phone: APIClient) -> None:
    refused = visit(new_id())
    push(refused)
    answer = close(phone, [refused["id"]]).json()
    assert (answer["refused"], answer["missing"], answer["closed"]) == ([refused["id"]], [], False)


def test_what_the_phone_forgot_is_counted(push: Callable[..., Any], phone: APIClient, household: uuid.UUID) -> None:
    items = [visit(household) for _ in range(2)]
    push(*items)
    answer = close(phone, [items[0]["id"]]).json()
    assert (answer["forgotten"], answer["closed"]) == (1, True)


def test_ids_count_whatever_day_the_server_filed_them_under(
    push: Callable[..., Any], phone: APIClient, household: uuid.UUID
) -> None:
    record = visit(household)
    push(record)
    yesterday = (clock.today() - dt.timedelta(days=1)).isoformat()
    assert close(phone, [record["id"]], day=yesterday).json()["closed"] is True


def test_the_statement_is_signed_and_says_what_was_found(
    push: Callable[..., Any], phone: APIClient, household: uuid.UUID
) -> None:
    record = visit(household)
    push(record)
    answer = close(phone, [record["id"]]).json()
    signature = base64.b64decode(answer["signature"])
    assert signing.is_signed(answer["statement"], signature)
    assert not signing.is_signed(answer["statement"].replace("made 1", "made 2"), signature)
    assert not signing.is_signed(answer["statement"], signature[:-1])
    lines = dict(line.split(" ", 1) for line in answer["statement"].split("\n"))
    assert (lines["device"], lines["made"], lines["confirmed"]) == (DEVICE, "1", "1")
    keys = phone.get("/api/v1/sync/keys/", {"device": DEVICE}).json()
    assert keys["receipts"]["key"] == answer["key"]


def test_somebody_elses_records_do_not_count_as_ones_own(
    push: Callable[..., Any], household: uuid.UUID, client_of: Callable[[User], APIClient],
    user_with: Callable[..., User],
) -> None:  # fmt: skip
    record = visit(household)
    push(record)
    other = client_of(user_with(Role.GRID_WORKER, CELL, "colleague"))
    answer = close(other, [record["id"]], device=str(new_id())).json()
    assert answer["missing"] == [record["id"]]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_device_of_somebody_else_is_not_found(method: str, phone: APIClient, user_with: Callable[..., User]) -> None:
    device = Device.objects.create(
        pk=new_id(), user=user_with(Role.GRID_WORKER, CELL, "colleague"), last_seen=clock.now()
    )
    if method == "get":
        answer = phone.get(RECEIPTS, {"day": clock.today().isoformat(), "device": str(device.pk)})
    else:
        answer = close(phone, [], device=str(device.pk))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_device_out_of_use_closes_nothing(phone: APIClient, worker: User) -> None:
    device = Device.objects.create(pk=new_id(), user=worker, last_seen=clock.now(), revoked_at=clock.now())
    answer = close(phone, [], device=str(device.pk))
    assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"day": "2999-01-01"}, "bad_field"),
        ({"day": "gestern"}, "bad_field"),
        ({"device": "7"}, "bad_field"),
        ({"made": ["x"]}, "bad_field"),
        ({"made": None}, "bad_field"),
        ({"extra": 1}, "unknown_field"),
    ],
)
def test_a_bad_closing_is_refused_with_its_code(phone: APIClient, changes: dict[str, Any], code: str) -> None:
    body = {"device": DEVICE, "day": clock.today().isoformat(), "made": [], **changes}
    answer = phone.post(RECEIPTS, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_too_many_ids_are_refused(phone: APIClient) -> None:
    assert close(phone, [str(new_id())] * 5001).status_code in {400, 413}


def test_closing_costs_the_same_for_any_number_of_records(
    push: Callable[..., Any], phone: APIClient, household: uuid.UUID
) -> None:
    few = [visit(household) for _ in range(2)]
    many = [visit(household) for _ in range(40)]
    push(*few)
    push(*many)
    close(phone, [])
    with CaptureQueriesContext(connection) as first:
        close(phone, [each["id"] for each in few])
    with CaptureQueriesContext(connection) as second:
        close(phone, [each["id"] for each in many])
    assert _kinds(first) == _kinds(second)
    assert len(first) <= 16


def _kinds(captured: CaptureQueriesContext) -> list[list[str]]:
    """The first word of each statement: savepoints have names of their own."""
    return [(query["sql"] or "").split()[:1] for query in captured]
