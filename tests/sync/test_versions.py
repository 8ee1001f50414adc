"""An app that is too old is given nothing new, and gets out what it holds."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.sync.conftest import item


@pytest.fixture(autouse=True)
def second_level(settings: Any) -> None:
    settings.MINIMUM_API_LEVEL = 2


@pytest.mark.parametrize("level", [{}, {"api_level": 1}])
def test_an_old_app_is_told_so(phone: APIClient, level: dict[str, int]) -> None:
    answer = phone.get("/api/v1/sync/pull/", level)
    assert (answer.status_code, answer.json()["code"]) == (426, "app_too_old")
    assert "更新" in answer.json()["message"]


def test_an_old_app_empties_its_queue(push: Callable[..., dict[str, Any]], household: uuid.UUID) -> None:
    sent = item("visit", {"household": str(household), "outcome": "seen_well"})
    assert [each["verdict"] for each in push(sent)["results"]] == ["created"]


def test_an_app_of_the_level_is_served(phone: APIClient) -> None:
    assert phone.get("/api/v1/sync/pull/", {"api_level": 2}).status_code == 200


@pytest.mark.parametrize("level", ["0", "1001", "-1", "1.5", "x", ""])
def test_a_level_is_a_number(phone: APIClient, level: str) -> None:
    answer = phone.get("/api/v1/sync/pull/", {"api_level": level})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "bad_field", "api_level")
