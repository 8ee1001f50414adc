"""Helpers to speak the phone's protocol in tests."""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.core import clock
from backend.core.ids import new_id
from backend.residents.models import Household
from backend.residents.rules import HouseholdInput
from backend.residents.services import household_create, household_update, households_create
from backend.sync.schemas import SCHEMAS
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import household as household_input

DEVICE = "01980000-0000-7000-8000-000000000001"


def item(kind: str, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A well-formed item of now, with `changes`."""
    return {
        "id": str(new_id()),
        "kind": kind,
        "schema": SCHEMAS[kind].current if kind in SCHEMAS else 1,
        "seq": 1,
        "observed_at": clock.now().isoformat(),
        "body": body,
        **changes,
    }


def expect_refused(response: Any, status: int, code: str) -> None:
    """The one shape, the code, and a Chinese sentence."""
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert set(body) <= {"code", "message", "field", "detail"}
    assert re.search(r"[\u4e00-\u9fff]{4}.*。$", body["message"])


@pytest.fixture
def worker(user_with: Callable[..., User], policies: None) -> User:
    return user_with(Role.GRID_WORKER, CELL, "worker")


@pytest.fixture
def phone(client_of: Callable[[User], APIClient], worker: User) -> APIClient:
    return client_of(worker)


@pytest.fixture
def push(phone: APIClient) -> Callable[..., dict[str, Any]]:
    """`push(item, …)` → the answer's JSON; the batch must be accepted as a whole."""

    def send(*items: Any, client: APIClient | None = None, sent_at: dt.datetime | None = None) -> dict[str, Any]:
        envelope = {
            "device": DEVICE,
            "api_level": 1,
            "sent_at": (sent_at or clock.now()).isoformat(),
            "items": list(items),
        }
        response = (client or phone).post("/api/v1/sync/push/", envelope, format="json")
        assert response.status_code == 200, response.content
        return response.json()

    return send


def households_in(region: str, count: int, actor: User | None = None) -> list[uuid.UUID]:
    """`count` fresh households of a cell."""
    inputs = [
        HouseholdInput(
            id=new_id(), region_code=region, address="前进路8号", building="3", unit="2", floor=n // 2 + 1,
            door=f"{n // 2 + 1}0{n % 2 + 1}", head_name="王小明", headcount=3, occupancy="occupied", care=(),
        )
        for n in range(count)
    ]  # fmt: skip
    households_create(items=inputs, actor=actor)
    return [entry.id for entry in inputs]


@pytest.fixture
def household(worker: User) -> uuid.UUID:
    """A household in the worker's cell."""
    return households_in(CELL, 1)[0]


@pytest.fixture
def foreign_household(worker: User) -> uuid.UUID:
    """A household in a cell of another township."""
    return households_in(OTHER_CELL, 1)[0]


@pytest.fixture
def door(worker: User) -> Household:
    """A household in the worker's cell, as a row: 3 people, version 1."""
    return household_create(item=household_input(), actor=None)


@pytest.fixture
def neighbour(client_of: Callable[[User], APIClient], user_with: Callable[..., User], worker: User) -> APIClient:
    """The village above the worker's cell, at another phone."""
    return client_of(user_with(Role.VILLAGE, CELL[:12], "village"))


@pytest.fixture
def clash(push: Callable[..., dict[str, Any]], door: Household) -> str:
    """The id of a conflict about headcount (5 came second, 7 stands) and telephone."""
    household_update(
        household_id=door.pk, base_version=1, changes={"headcount": 7, "phone": "13900000000"}, actor=None
    )  # fmt: skip
    changes = {"headcount": 5, "phone": "13700000001"}
    sent = item("household_edit", {"household": str(door.pk), "version": 1, "changes": changes})
    push(sent)
    return str(sent["id"])
