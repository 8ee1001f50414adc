"""The alerts API: shapes, scope, bad input, idempotence, query counts."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.alerts.models import Alert
from backend.alerts.selectors import last_seq
from tests.alerts.conftest import number_events
from tests.conftest import CELL, OTHER_CELL

URL = "/api/v1/alerts/"
pytestmark = pytest.mark.usefixtures("policies")


@pytest.fixture
def village(user_with: Callable[..., User], client_of: Callable[[User], APIClient]) -> APIClient:
    return client_of(user_with(Role.VILLAGE, CELL[:12]))


def test_the_list_shows_the_alert_with_its_reason_and_what_may_be_done(
    fever: Callable[..., Alert], village: APIClient
) -> None:
    alert = fever()
    answer = village.get(URL).json()
    (body,) = answer["alerts"]
    assert body.pop("raised_at")
    assert body.pop("due_at")
    why = body.pop("why")
    assert body == {
        "id": str(alert.pk),
        "rule": "fever",
        "severity": "urgent",
        "state": "open",
        "region": CELL,
        "region_name": "甲一村第一网格",
        "place": "3幢2单元501",
        "title": "发热 38.2℃",
        "household": str(alert.household_id),
        "capabilities": ["acknowledge", "close"],
    }
    assert set(why) == {"text", "rule", "version", "clause"}
    assert (answer["events"], answer["more"], answer["last_seq"]) == ([], False, last_seq())


def test_events_follow_a_number_page_by_page(fever: Callable[..., Alert], village: APIClient) -> None:
    alerts = [fever() for _ in range(5)]
    seen: list[str] = []
    after, more = 0, True
    while more:
        answer = village.get(URL, {"after": after, "limit": 2}).json()
        seen += [event["alert"] for event in answer["events"]]
        after, more = answer["last_seq"], answer["more"]
    assert seen == [str(alert.pk) for alert in alerts]
    assert after == last_seq()
    event = village.get(URL, {"after": last_seq() - 1}).json()["events"][0]
    assert set(event) == {"seq", "type", "alert", "at", "region", "rule", "severity", "title", "place", "due_at"}


def test_acknowledge_and_close_answer_the_alert_and_may_be_repeated(
    fever: Callable[..., Alert], village: APIClient
) -> None:
    url = f"{URL}{fever().pk}/"
    for _ in range(2):
        answer = village.post(url + "acknowledge/", {}, format="json")
        assert answer.status_code == 200
        assert answer.json()["state"] == "acknowledged"
        assert answer.json()["acknowledged_by"]
        assert answer.json()["capabilities"] == ["close"]
    for _ in range(2):
        answer = village.post(url + "close/", {"reason": "handled", "note": "已送医"}, format="json")
        assert answer.status_code == 200
        assert answer.json()["close_reason"] == "handled"
        assert answer.json()["capabilities"] == ["reopen"]
    answer = village.post(url + "acknowledge/", {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    number_events()
    events = village.get(URL, {"after": 0}).json()["events"]
    assert [event["type"] for event in events] == ["raised", "acknowledged", "closed"]
    assert [event.get("reason") for event in events] == [None, None, "handled"]
    assert village.get(URL).json()["alerts"] == []
    assert len(village.get(URL, {"state": "closed"}).json()["alerts"]) == 1


def test_a_closed_alert_may_be_reopened_again_and_again(fever: Callable[..., Alert], village: APIClient) -> None:
    url = f"{URL}{fever().pk}/"
    assert village.post(url + "acknowledge/", {}, format="json").status_code == 200
    refused = village.post(url + "reopen/", {}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    village.post(url + "close/", {"reason": "handled"}, format="json")
    for _ in range(2):
        answer = village.post(url + "reopen/", {}, format="json")
        assert (answer.status_code, answer.json()["state"]) == (200, "open")
        assert answer.json()["capabilities"] == ["acknowledge", "close"]
        assert "close_reason" not in answer.json()
        assert "acknowledged_by" not in answer.json()
    answer = village.post(url + "reopen/", {"why": "x"}, format="json")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "unknown_field", "why")


@pytest.mark.parametrize(
    ("role", "region", "sees"),
    [
        (Role.GRID_WORKER, CELL, True),
        (Role.GRID_WORKER, "220521901901902", False),
        (Role.VILLAGE, OTHER_CELL[:12], False),
        (Role.TOWNSHIP, CELL[:9], True),
        (Role.TOWNSHIP, OTHER_CELL[:9], False),
        (Role.PROVINCE, "22", True),
    ],
)
def test_alerts_and_events_are_seen_by_scope(
    *,
    fever: Callable[..., Alert],
    user_with: Callable[..., User],
    client_of: Callable[[User], APIClient],
    role: Role,
    region: str,
    sees: bool,
) -> None:
    alert = fever()
    client = client_of(user_with(role, region))
    answer = client.get(URL, {"after": 0}).json()
    assert (len(answer["alerts"]), len(answer["events"])) == ((1, 1) if sees else (0, 0))
    status = client.post(f"{URL}{alert.pk}/acknowledge/", {}, format="json").status_code
    assert status == (200 if sees else 404)


def test_who_may_not_handle_alerts_is_refused(
    fever: Callable[..., Alert], user_with: Callable[..., User], client_of: Callable[[User], APIClient]
) -> None:
    alert = fever()
    clinic = client_of(user_with(Role.CLINIC, CELL[:12]))
    (body,) = clinic.get(URL).json()["alerts"]
    assert body["capabilities"] == []
    answer = clinic.post(f"{URL}{alert.pk}/close/", {"reason": "handled"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    auditor = client_of(user_with(Role.AUDITOR, "220521"))
    assert auditor.get(URL).status_code == 403
    assert APIClient().get(URL).status_code == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "-1"}, "after"),
        ({"after": "x"}, "after"),
        ({"after": "９"}, "after"),
        ({"after": str(2**63)}, "after"),
        ({"after": "1" * 5000}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"state": "done"}, "state"),
    ],
)
def test_bad_parameters_are_named(village: APIClient, query: dict[str, str], field: str) -> None:
    answer = village.get(URL, query)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "bad_field", field)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "missing_field", "reason"),
        ({"reason": "bored"}, "bad_field", "reason"),
        ({"reason": "answered"}, "bad_field", "reason"),
        ({"reason": 3}, "bad_field", "reason"),
        ({"reason": ["handled"]}, "bad_field", "reason"),
        ({"reason": "handled", "note": 1}, "bad_field", "note"),
        ({"reason": "handled", "note": "说" * 501}, "bad_field", "note"),
        ({"reason": "handled", "note": "a\0b"}, "bad_field", "note"),
        ({"reason": "handled", "why": "x"}, "unknown_field", "why"),
        ([], "bad_request", None),
        ("handled", "bad_request", None),
    ],
)
def test_bad_bodies_are_refused_and_nothing_happens(
    fever: Callable[..., Alert], village: APIClient, body: Any, code: str, field: str | None
) -> None:
    alert = fever()
    answer = village.post(f"{URL}{alert.pk}/close/", body, format="json")
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (400, code, field)
    assert Alert.objects.get(pk=alert.pk).state == "open"


def test_an_unknown_alert_and_a_bad_id_are_404(tree: Any, village: APIClient) -> None:
    for alert in (uuid.uuid4(), "x", "1"):
        answer = village.post(f"{URL}{alert}/close/", {"reason": "handled"}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_list_costs_the_same_queries_for_one_alert_and_for_fifty(
    fever: Callable[..., Alert], village: APIClient
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert village.get(URL, {"after": 0}).status_code == 200
        return len(counted)

    fever()
    queries()  # what a process keeps is read once
    few = queries()
    for _ in range(49):
        fever()
    assert queries() == few
    # session, user, duties, newest number, events, alerts, names of regions
    assert few <= 8


def test_acknowledging_costs_a_handful_of_queries(fever: Callable[..., Alert], village: APIClient) -> None:
    alert = fever()
    with CaptureQueriesContext(connection) as counted:
        assert village.post(f"{URL}{alert.pk}/acknowledge/", {}, format="json").status_code == 200
    assert len(counted) <= 12
