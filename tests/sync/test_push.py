"""Push: a verdict per item, exactly once, and nothing lost of what is refused."""

import datetime as dt
import gzip
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.models import Device, Duty, User
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.core.ids import new_id
from backend.facts.models import SyncItem, TouchedCell
from backend.residents.models import SealedBlob
from backend.visits.models import Visit
from tests.conftest import CELL, OTHER_CELL
from tests.sync.conftest import DEVICE, households_in, item

Push = Callable[..., dict[str, Any]]


def verdicts(answer: dict[str, Any]) -> list[str]:
    return [result["verdict"] for result in answer["results"]]


def test_a_visit_is_created_with_everything_around_it(push: Push, household: uuid.UUID, worker: User) -> None:
    sent = item("visit", {"household": str(household), "outcome": "seen_well"})
    answer = push(sent)
    assert answer["results"] == [{"id": sent["id"], "verdict": "created"}]
    visit = Visit.objects.get(pk=sent["id"])
    assert (visit.region_code, visit.outcome, visit.author_id) == (CELL, "seen_well", worker.pk)
    assert visit.business_day == clock.today()
    assert not visit.doubtful
    assert TouchedCell.objects.filter(business_day=clock.today(), region_code=CELL).exists()
    entry = AuditEntry.objects.get(action="sync.push")
    assert (entry.target_kind, entry.target_id, entry.detail["created"]) == ("device", DEVICE, 1)
    assert -5 < entry.detail["skew_seconds"] < 5
    assert Device.objects.get(pk=DEVICE).user_id == worker.pk


def test_the_same_item_again_is_a_duplicate_and_adds_nothing(push: Push, household: uuid.UUID) -> None:
    sent = item("visit", {"household": str(household), "outcome": "seen_well"})
    push(sent)
    shuffled = {**sent, "body": dict(reversed(list(sent["body"].items())))}
    assert verdicts(push(sent, shuffled)) == ["duplicate", "duplicate"]
    assert Visit.objects.count() == 1


def test_the_same_id_with_other_content_is_a_conflict(push: Push, household: uuid.UUID) -> None:
    sent = item("visit", {"household": str(household), "outcome": "seen_well"})
    push(sent)
    other = {**sent, "body": {**sent["body"], "outcome": "refused"}}
    result = push(other)["results"][0]
    assert (result["verdict"], result["code"]) == ("conflict", "id_reused")
    assert Visit.objects.get().outcome == "seen_well"


def test_the_same_id_twice_in_one_batch(push: Push, household: uuid.UUID) -> None:
    sent = item("visit", {"household": str(household), "outcome": "seen_well"})
    other = {**sent, "body": {**sent["body"], "outcome": "refused"}}
    assert verdicts(push(sent, sent, other)) == ["created", "duplicate", "conflict"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"kind": "parade"}, "unknown_kind", "kind"),
        ({"schema": 9}, "unknown_schema", "schema"),
        ({"seq": 0}, "bad_field", "seq"),
        ({"seq": "x"}, "bad_field", "seq"),
        ({"observed_at": "yesterday"}, "bad_field", "observed_at"),
        ({"observed_at": "2026-11-22T08:00:00"}, "bad_field", "observed_at"),
        ({"body": []}, "bad_field", "body"),
        ({"body": {}}, "missing_field", "body.household"),
        ({"body": {"household": "x", "outcome": "seen_well"}}, "bad_field", "body.household"),
        ({"body": {"household": str(uuid.uuid4()), "outcome": "great"}}, "bad_field", "body.outcome"),
        ({"body": {"household": str(uuid.uuid4()), "outcome": "refused", "x": 1}}, "unknown_field", "body.x"),
        (
            {"body": {"household": str(uuid.uuid4()), "outcome": "refused", "people": [{"temperature": 99}]}},
            "bad_field",
            "body.people[0].temperature",
        ),
        ({"body": {"household": str(uuid.uuid4()), "outcome": "refused", "note": "\u0000"}}, "bad_field", "body"),
        ({"body": {"household": str(uuid.uuid4()), "outcome": "refused"}}, "unknown_household", "body.household"),
        ({"extra": 1}, "unknown_field", "extra"),
    ],
)
def test_a_bad_item_is_rejected_with_code_and_field(
    push: Push, household: uuid.UUID, change: dict[str, Any], code: str, field: str
) -> None:
    good = item("visit", {"household": str(household), "outcome": "seen_well"})
    bad = {**item("visit", {"household": str(household), "outcome": "seen_well"}), **change}
    answer = push(bad, good)
    assert verdicts(answer) == ["rejected", "created"]
    result = answer["results"][0]
    assert (result["id"], result["code"], result["field"]) == (bad["id"], code, field)
    assert result["message"]
    assert SyncItem.objects.get(pk=bad["id"]).verdict == "rejected"
    assert SealedBlob.objects.filter(purpose="rejected_item").count() == 1


def test_an_item_without_a_readable_id_is_answered_in_its_place(push: Push, household: uuid.UUID) -> None:
    good = item("visit", {"household": str(household), "outcome": "seen_well"})
    answer = push({"kind": "visit"}, 7, good)
    assert verdicts(answer) == ["rejected", "rejected", "created"]
    assert [result["id"] for result in answer["results"]] == [None, None, good["id"]]


def test_a_copy_of_a_refused_item_is_refused_too(push: Push, household: uuid.UUID) -> None:
    bad = item("visit", {"household": str(uuid.uuid4()), "outcome": "seen_well"})
    answer = push(bad, bad)
    assert verdicts(answer) == ["rejected", "rejected"]
    assert {result["code"] for result in answer["results"]} == {"unknown_household"}


def test_a_stored_item_sent_again_after_the_cell_was_lost_is_a_duplicate(
    push: Push, household: uuid.UUID, worker: User
) -> None:
    """The answer was lost, the duty ended meanwhile: the record is on the server, and the phone must learn so."""
    sent = item("visit", {"household": str(household), "outcome": "seen_well"})
    push(sent)
    Duty.objects.update(region_code=OTHER_CELL)
    assert verdicts(push(sent)) == ["duplicate"]
    other = item("visit", {"household": str(household), "outcome": "seen_well"})
    assert push(other)["results"][0]["code"] == "unknown_household"


def test_a_rejected_item_may_be_mended_under_the_same_id(push: Push, household: uuid.UUID) -> None:
    bad = item("visit", {"household": str(uuid.uuid4()), "outcome": "seen_well"})
    assert verdicts(push(bad)) == ["rejected"]
    mended = {**bad, "body": {"household": str(household), "outcome": "seen_well"}}
    assert verdicts(push(mended)) == ["created"]
    assert verdicts(push(mended)) == ["duplicate"]


def test_missing_and_foreign_households_are_answered_alike(push: Push, foreign_household: uuid.UUID) -> None:
    answer = push(
        item("visit", {"household": str(foreign_household), "outcome": "seen_well"}),
        item("visit", {"household": str(uuid.uuid4()), "outcome": "seen_well"}),
    )
    first, second = ({k: v for k, v in result.items() if k != "id"} for result in answer["results"])
    assert first == second
    assert Visit.objects.count() == 0


def test_a_batch_brings_a_household_and_its_visit(push: Push, worker: User) -> None:
    new = str(new_id())
    door = {"household": new, "region": CELL, "address": "河沿路2号", "head_name": "李大爷", "headcount": 2}
    answer = push(
        item("visit", {"household": new, "outcome": "seen_well"}),
        item("household", door),
    )
    assert verdicts(answer) == ["created", "created"]
    again = push(item("household", door))["results"][0]
    assert (again["verdict"], again["code"]) == ("rejected", "id_reused")


@pytest.mark.parametrize("days", [-2, 2, -20, 20])
def test_a_skewed_clock_is_put_right(push: Push, household: uuid.UUID, days: int) -> None:
    now = clock.now()
    off = dt.timedelta(days=days)
    sent = item(
        "visit",
        {"household": str(household), "outcome": "seen_well"},
        observed_at=(now + off - dt.timedelta(minutes=5)).isoformat(),
    )
    answer = push(sent, sent_at=now + off)
    assert verdicts(answer) == ["created"]
    visit = Visit.objects.get()
    assert abs(visit.corrected_at - (now - dt.timedelta(minutes=5))) < dt.timedelta(seconds=10)
    assert not visit.doubtful


@pytest.mark.parametrize("days", [-400, -40, 1, 4000])
def test_an_implausible_time_is_kept_and_flagged(push: Push, household: uuid.UUID, days: int) -> None:
    when = clock.now() + dt.timedelta(days=days)
    sent = item("visit", {"household": str(household), "outcome": "seen_well"}, observed_at=when.isoformat())
    assert verdicts(push(sent)) == ["created"]
    visit = Visit.objects.get()
    assert visit.doubtful
    assert visit.business_day == clock.today()


def test_gzip_is_accepted_and_a_bomb_is_not(phone: APIClient, household: uuid.UUID) -> None:
    sent = item("visit", {"household": str(household), "outcome": "seen_well"})
    envelope = {"device": DEVICE, "api_level": 1, "sent_at": clock.now().isoformat(), "items": [sent]}

    def post(raw: bytes) -> Any:
        return phone.generic(
            "POST",
            "/api/v1/sync/push/",
            gzip.compress(raw),
            content_type="application/json",
            HTTP_CONTENT_ENCODING="gzip",
        )

    assert post(json.dumps(envelope).encode()).json()["results"][0]["verdict"] == "created"
    bomb = post(b" " * 50_000_000)
    assert (bomb.status_code, bomb.json()["code"]) == (413, "too_large")
    broken = phone.generic(
        "POST", "/api/v1/sync/push/", b"not gzip", content_type="application/json", HTTP_CONTENT_ENCODING="gzip"
    )
    assert (broken.status_code, broken.json()["code"]) == (400, "not_json")


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "application/json", 400, "not_json"),
        (b"{", "application/json", 400, "not_json"),
        (b"\xff\xfe", "application/json", 400, "not_json"),
        (b"[]", "application/json", 400, "bad_field"),
        (b"[" * 100_000, "application/json", 400, "bad_field"),
        (b"{}", "application/json", 400, "missing_field"),
        (b"{}", "text/plain", 415, "unsupported_media"),
        (b"{}", "application/x-www-form-urlencoded", 415, "unsupported_media"),
        (b" " * 3_000_000, "application/json", 413, "too_large"),
    ],
)
def test_a_bad_envelope_is_refused_in_the_one_shape(
    phone: APIClient, body: bytes, kind: str, status: int, code: str
) -> None:
    response = phone.generic("POST", "/api/v1/sync/push/", body, content_type=kind)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert set(response.json()) <= {"code", "message", "field", "detail"}


def test_more_than_500_items_are_too_many(phone: APIClient) -> None:
    envelope = {"device": DEVICE, "api_level": 1, "sent_at": clock.now().isoformat(), "items": [{}] * 501}
    response = phone.post("/api/v1/sync/push/", envelope, format="json")
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_revoked_device_is_turned_away(phone: APIClient, push: Push, household: uuid.UUID) -> None:
    push(item("visit", {"household": str(household), "outcome": "seen_well"}))
    Device.objects.update(revoked_at=clock.now())
    envelope = {"device": DEVICE, "api_level": 1, "sent_at": clock.now().isoformat(), "items": []}
    response = phone.post("/api/v1/sync/push/", envelope, format="json")
    assert (response.status_code, response.json()["code"]) == (403, "device_revoked")


def test_queries_do_not_grow_with_the_batch(push: Push, worker: User, django_assert_num_queries: Any) -> None:
    def count(size: int) -> int:
        homes = households_in(CELL, size)
        items = [item("visit", {"household": str(home), "outcome": "seen_well"}) for home in homes]
        with CaptureQueriesContext(connection) as captured:
            assert set(verdicts(push(*items))) == {"created"}
        return len(captured)

    count(1)  # warms the policy cache and makes the device known
    small = count(2)
    assert count(100) == small
    # Session with user and duties, device, households, claim, batch, audit, visits, cells, begin and end; now and then
    # the clock.
    assert small <= 11


def test_notes_are_sealed(push: Push, household: uuid.UUID) -> None:
    push(item("visit", {"household": str(household), "outcome": "seen_well", "note": "老人独居请照顾"}))
    sealed = bytes(Visit.objects.get().note_sealed)
    assert "老人".encode() not in sealed


def test_the_device_of_the_session_is_known_with_it(worker: User, policies: None) -> None:
    client = APIClient()
    device = {"id": DEVICE, "name": "手机"}
    sign_in = {"username": worker.username, "password": "a-good-password", "device": device}
    assert client.post("/api/v1/session/", sign_in, format="json").status_code == 200
    envelope = {"device": DEVICE, "api_level": 1, "sent_at": clock.now().isoformat(), "items": []}
    assert client.post("/api/v1/sync/push/", envelope, format="json").status_code == 200
    with CaptureQueriesContext(connection) as captured:
        client.post("/api/v1/sync/push/", envelope, format="json")
    assert sum("accounts_device" in query["sql"] for query in captured) == 1
    Device.objects.update(revoked_at=clock.now())
    refused = client.post("/api/v1/sync/push/", envelope, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "device_revoked")
