"""What an older app made is taken as it was meant; an app that is too old is told so, and gets out what it holds."""

import dataclasses
import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.core import clock
from backend.core.ids import new_id
from backend.facts.models import SyncItem
from backend.residents.models import Household, SealedBlob
from backend.returnees.models import Returnee
from backend.sync.models import EditConflict
from backend.sync.schemas import SCHEMAS, Former, Schemas
from backend.sync.shapes import ReturneeBody, VisitBody
from tests.conftest import CELL
from tests.sync.conftest import item
from tests.sync.edits import Push, edit, said

#: What one journey is in each schema of a registration.
JOURNEY: dict[int, dict[str, str]] = {
    1: {"transport": "火车 G8012"},
    2: {"transport": "train", "transport_number": "G8012"},
    3: {"transport": "train", "transport_number": "G8012"},
}


def registered(schema: int, *, like: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    """A registration as an app of this schema sends it; `like` another: the same record, told by another app."""
    body = {
        "person": str(new_id()), "name": "李大山", "phone": "12900001234", "document_type": "passport",
        "document_number": "E12345678", "arrived_on": clock.today().isoformat(), "region": CELL, "origin": "2201",
        "address": "前进路8号",
    }  # fmt: skip
    if like is not None:
        told = {field: value for field, value in like["body"].items() if not field.startswith("transport")}
        return {**like, "schema": schema, "body": {**told, **JOURNEY[schema], **more}}
    return item("returnee", {**body, **JOURNEY[schema], **more}, schema=schema)


@pytest.mark.parametrize("schema", [1, 2, 3])
def test_a_registration_of_every_schema_is_taken(push: Push, schema: int) -> None:
    assert said(push(registered(schema))) == [("created", None)]
    kept = Returnee.objects.get()
    assert (kept.transport, kept.transport_number, kept.via) == ("train", "G8012", "")


def test_where_somebody_stopped_is_kept(push: Push) -> None:
    assert said(push(registered(3, via="沈阳市（转车）"))) == [("created", None)]
    assert Returnee.objects.get().via == "沈阳市（转车）"


@pytest.mark.parametrize(("first", "then"), [(1, 2), (1, 3), (2, 3), (2, 1), (3, 1), (3, 2), (1, 1), (2, 2)])
def test_the_same_record_told_in_another_schema_is_the_same(push: Push, first: int, then: int) -> None:
    sent = registered(first)
    assert said(push(sent)) == [("created", None)]
    assert said(push(registered(then, like=sent))) == [("duplicate", None)]
    assert Returnee.objects.count() == 1


def test_other_content_in_another_schema_is_a_conflict(push: Push) -> None:
    sent = registered(1)
    push(sent)
    other = registered(3, like=sent, via="沈阳市")
    assert said(push(other)) == [("conflict", "id_reused")]


def test_two_tellings_in_one_batch_are_one(push: Push) -> None:
    sent = registered(1)
    assert said(push(sent, registered(3, like=sent))) == [("created", None), ("duplicate", None)]


class _VisitOfTomorrow(VisitBody, forbid_unknown_fields=True, omit_defaults=True):
    weather: str = ""


def test_what_was_stored_before_the_server_knew_a_schema_is_recognised(
    push: Push, household: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost, the server updated, the phone sends as it did: nothing is stored twice or called a clash."""
    sent = item("visit", {"household": str(household), "outcome": "seen_well"})
    push(sent)

    def upgrade(body: VisitBody) -> _VisitOfTomorrow:
        return _VisitOfTomorrow(body.household, body.outcome, body.people, body.needs, body.note, "sunny")

    tomorrow = Schemas(current=2, shape=_VisitOfTomorrow, former=(Former(VisitBody, upgrade),))
    monkeypatch.setitem(SCHEMAS, "visit", tomorrow)
    assert said(push(sent)) == [("duplicate", None)]
    other = {**sent, "body": {**sent["body"], "outcome": "refused"}}
    assert said(push(other)) == [("conflict", "id_reused")]


def test_what_is_older_than_two_is_refused_and_kept(push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays with the phone, which says what to do, and goes up under its id once an updated app has told it anew."""
    known = SCHEMAS["returnee"]
    after = tuple(dataclasses.replace(each, upgrade=lambda body: body) for each in known.former[1:])
    fourth = Schemas(current=4, shape=ReturneeBody, former=(*after, Former(ReturneeBody, lambda body: body)))
    monkeypatch.setitem(SCHEMAS, "returnee", fourth)
    sent = registered(1)
    [result] = push(sent)["results"]
    assert (result["verdict"], result["code"], result["field"]) == ("rejected", "unknown_schema", "schema")
    assert "请更新应用" in result["message"]
    assert "乡镇（街道）" in result["message"]
    assert Returnee.objects.count() == 0
    assert SyncItem.objects.get(pk=sent["id"]).verdict == "rejected"
    assert SealedBlob.objects.filter(purpose="rejected_item").count() == 1
    monkeypatch.undo()
    assert said(push(registered(3, like=sent))) == [("created", None)]


@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_what_is_newer_than_the_server_is_told_to_wait(push: Push, kind: str) -> None:
    sent = item(kind, {}, schema=SCHEMAS[kind].current + 1)
    [result, copy] = push(sent, sent)["results"]
    assert (result["code"], copy["message"]) == ("unknown_schema", result["message"])
    assert "服务器还没有更新" in result["message"]


def test_an_old_edit_merges_and_clashes_as_it_was_meant(push: Push, neighbour: APIClient) -> None:
    made = registered(1)
    push(made)
    old = edit("returnee", made["id"], {"transport": "自驾"}, schema=1)
    assert said(push(old)) == [("created", None)]
    kept = Returnee.objects.get()
    assert (kept.transport, kept.transport_number) == ("car", ""), "the number was the train's"
    theirs = edit("returnee", made["id"], {"transport": "ship"}, schema=2)
    assert said(push(theirs, client=neighbour)) == [("conflict", "edited_elsewhere")]
    assert [entry["field"] for entry in EditConflict.objects.get().fields] == ["transport"]
    again = {**old, "schema": 2}
    again["body"] = {**old["body"], "changes": {"transport": "car", "transport_number": None}}
    assert said(push(again)) == [("duplicate", None)]


def test_number_and_kind_clash_together(push: Push, neighbour: APIClient) -> None:
    made = registered(3)
    push(made)
    push(edit("returnee", made["id"], {"transport": "coach"}), client=neighbour)
    flown = {"transport": "plane", "transport_number": "CZ6113", "via": "沈阳市"}
    assert said(push(edit("returnee", made["id"], flown, seq=2))) == [("conflict", "edited_elsewhere")]
    kept = Returnee.objects.get()
    assert (kept.transport, kept.transport_number, kept.via) == ("coach", "G8012", "沈阳市")
    assert {entry["field"] for entry in EditConflict.objects.get().fields} == {"transport", "transport_number"}


@pytest.mark.parametrize(
    ("travel", "code", "field"),
    [
        ({"transport_number": "G1"}, "missing_field", "body.transport"),
        ({"transport": "train", "transport_number": "G\n1"}, "bad_field", "body.transport_number"),
        ({"via": "沈阳\t市"}, "bad_field", "body.via"),
        ({"transport": "rocket"}, "bad_field", "body.transport"),
        ({"via": "沈" * 121}, "bad_field", "body.via"),
    ],
)
def test_a_journey_that_says_nothing_is_refused(push: Push, travel: dict[str, str], code: str, field: str) -> None:
    sent = registered(3)
    sent["body"] = {k: v for k, v in sent["body"].items() if not k.startswith("transport")} | travel
    [result] = push(sent)["results"]
    assert (result["verdict"], result["code"], result["field"]) == ("rejected", code, field)


@pytest.fixture
def second_level(settings: Any) -> None:
    settings.MINIMUM_API_LEVEL = 2


@pytest.mark.usefixtures("second_level")
@pytest.mark.parametrize("level", [{}, {"api_level": 1}])
def test_an_old_app_is_told_so(phone: APIClient, level: dict[str, int]) -> None:
    answer = phone.get("/api/v1/sync/pull/", level)
    assert (answer.status_code, answer.json()["code"]) == (426, "app_too_old")
    assert "更新" in answer.json()["message"]


@pytest.mark.usefixtures("second_level")
def test_an_old_app_empties_its_queue(push: Push, door: Household) -> None:
    sent = item("visit", {"household": str(door.pk), "outcome": "seen_well"})
    assert said(push(sent, registered(1))) == [("created", None)] * 2


@pytest.mark.usefixtures("second_level")
def test_an_app_of_the_level_is_served(phone: APIClient) -> None:
    assert phone.get("/api/v1/sync/pull/", {"api_level": 2}).status_code == 200


@pytest.mark.parametrize("level", ["0", "1001", "-1", "1.5", "x", ""])
def test_a_level_is_a_number(phone: APIClient, level: str) -> None:
    answer = phone.get("/api/v1/sync/pull/", {"api_level": level})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "bad_field", "api_level")
