"""Edits from phones: different fields merge, the same field is kept for a choice, nothing is lost and nothing twice."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.core.ids import new_id
from backend.facts.models import SyncItem
from backend.residents.models import Household, Person, SealedBlob
from backend.residents.services import (
    household_close,
    household_move,
    person_create,
    person_move,
    person_update,
)
from backend.returnees.models import Returnee
from backend.returnees.services import returnee_register, returnee_update, returnees_follow
from backend.sync.models import EditConflict
from backend.visits.models import Visit
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import returnee_fields
from tests.residents.factories import PERSON_PHONE, PHONE, SECOND_CELL
from tests.residents.factories import person as person_input
from tests.sync.conftest import DEVICE, item
from tests.sync.edits import Push, choice, edit, office_edits, said

pytestmark = pytest.mark.django_db
OTHER_PHONE = "01980000-0000-7000-8000-000000000002"


def test_an_edit_is_applied_once_and_audited(push: Push, door: Household) -> None:
    sent = edit("household", door.pk, {"headcount": 5, "phone": None, "building": ""})
    assert said(push(sent)) == [("created", None)]
    assert said(push(sent)) == [("duplicate", None)]
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4, door.building, door.version) == (5, "", "3", 2)
    entry = AuditEntry.objects.get(action="household_update")
    assert (entry.actor_name, entry.detail["fields"]) == ("worker", ["headcount", "phone"])
    changed = push(edit("household", door.pk, {"headcount": 6}, id=sent["id"]))
    assert said(changed) == [("conflict", "id_reused")]


def test_different_fields_merge_in_either_order(push: Push, door: Household) -> None:
    office_edits(door, headcount=7)
    assert said(push(edit("household", door.pk, {"floor": 6}))) == [("created", None)]
    office_edits(door, door="502")
    door.refresh_from_db()
    assert (door.headcount, door.floor, door.door, door.version) == (7, 6, "502", 4)
    assert not EditConflict.objects.exists()


def test_the_same_value_from_both_sides_is_no_clash(push: Push, door: Household) -> None:
    office_edits(door, headcount=7)
    assert said(push(edit("household", door.pk, {"headcount": 7}))) == [("created", None)]


def test_a_clash_keeps_both_and_applies_the_rest(push: Push, door: Household, worker: User) -> None:
    office_edits(door, headcount=7, phone="13900000000")
    sent = edit("household", door.pk, {"headcount": 5, "phone": "13700000001", "floor": 6})
    answer = push(sent)
    assert said(answer) == [("conflict", "edited_elsewhere")]
    assert answer["results"][0]["message"].endswith("其余内容已保存。")
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4, door.floor) == (7, "0000", 6)
    kept = EditConflict.objects.get(pk=sent["id"])
    assert (kept.kind, kept.target, kept.region_code, kept.author_id) == (
        "household_edit", door.pk, CELL, worker.pk,
    )  # fmt: skip
    assert [(e["field"], e["mine"], e["theirs"], e["theirs_by"]) for e in kept.fields] == [
        ("headcount", 5, 7, "系统"),
        ("phone", "137****0001", "139****0000", "系统"),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM sync_editconflict t")
        assert "13700000001" not in cursor.fetchone()[0]


def test_the_answer_that_was_lost_is_given_again(push: Push, door: Household) -> None:
    office_edits(door, headcount=7)
    sent = edit("household", door.pk, {"headcount": 5, "floor": 6})
    first = push(sent)
    office_edits(door, floor=9)
    again = push(sent)
    assert again["results"] == first["results"]
    door.refresh_from_db()
    assert (door.headcount, door.floor) == (7, 9)
    assert EditConflict.objects.count() == 1
    assert SyncItem.objects.values_list("verdict", "code").get() == ("conflict", "edited_elsewhere")


def test_a_copy_in_the_same_batch_is_answered_alike(push: Push, door: Household) -> None:
    office_edits(door, headcount=7)
    sent = edit("household", door.pk, {"headcount": 5})
    assert said(push(sent, sent)) == [("conflict", "edited_elsewhere")] * 2


def test_who_comes_second_is_asked(push: Push, door: Household, neighbour: APIClient) -> None:
    mine = edit("household", door.pk, {"headcount": 5})
    theirs = edit("household", door.pk, {"headcount": 6})
    assert said(push(theirs, client=neighbour)) == [("created", None)]
    assert said(push(mine)) == [("conflict", "edited_elsewhere")]
    kept = EditConflict.objects.get(pk=mine["id"])
    assert (kept.fields[0]["mine"], kept.fields[0]["theirs"], kept.fields[0]["theirs_by"]) == (5, 6, "村（居）委会")


def test_a_phone_does_not_clash_with_itself(push: Push, door: Household) -> None:
    """Both edits were made offline on the same version; the phone's own order decides, in one batch or in two."""
    first = edit("household", door.pk, {"headcount": 5}, seq=1)
    second = edit("household", door.pk, {"headcount": 6}, seq=2)
    third = edit("household", door.pk, {"headcount": 7}, seq=3)
    assert said(push(first, second)) == [("created", None)] * 2
    assert said(push(third)) == [("created", None)]
    door.refresh_from_db()
    assert door.headcount == 7
    late = edit("household", door.pk, {"headcount": 4}, seq=2)
    assert said(push(late)) == [("conflict", "edited_elsewhere")]


def test_two_phones_of_one_user_do_clash(phone: APIClient, push: Push, door: Household) -> None:
    push(edit("household", door.pk, {"headcount": 5}, seq=1))
    envelope = {
        "device": OTHER_PHONE, "api_level": 1, "sent_at": clock.now().isoformat(),
        "items": [edit("household", door.pk, {"headcount": 6}, seq=9)],
    }  # fmt: skip
    answer = phone.post("/api/v1/sync/push/", envelope, format="json").json()
    assert said(answer) == [("conflict", "edited_elsewhere")]


def test_a_version_from_a_lost_future_compares_what_was_ever_edited(push: Push, door: Household) -> None:
    """The server was restored from a backup: what the phone saw as version 9 is gone."""
    office_edits(door, headcount=7)
    sent = edit("household", door.pk, {"headcount": 5, "floor": 6}, version=9)
    assert said(push(sent)) == [("conflict", "edited_elsewhere")]
    door.refresh_from_db()
    assert (door.headcount, door.floor) == (7, 6)


def test_an_edit_speaks_of_what_the_same_batch_brings(push: Push, worker: User) -> None:
    home, person = str(new_id()), str(new_id())
    made = item(
        "household", {"household": home, "region": CELL, "address": "靠山屯", "head_name": "王五", "headcount": 2}
    )
    registered = item(
        "returnee",
        {
            "person": person, "name": "李大山", "phone": "12900001234", "document_type": "passport",
            "document_number": "E12345678", "arrived_on": clock.today().isoformat(), "region": CELL, "origin": "2201",
            "household": home,
        },
    )  # fmt: skip
    edits = [
        edit("household", home, {"headcount": 3}),
        edit("person", person, {"name": "李小山"}),
        edit("returnee", registered["id"], {"transport": "car"}),
    ]
    assert said(push(*edits, made, registered)) == [("created", None)] * 5
    assert Household.objects.get(pk=home).headcount == 3
    assert Person.objects.get(pk=person).name_masked == "李*"
    assert Returnee.objects.get(pk=registered["id"]).transport == "car"


def test_a_household_that_moved_takes_the_edit_along(push: Push, door: Household) -> None:
    office_edits(door, headcount=7)
    household_move(household_id=door.pk, to_region=SECOND_CELL, actor=None)
    sent = edit("household", door.pk, {"headcount": 5, "floor": 6})
    assert said(push(sent)) == [("conflict", "edited_elsewhere")]
    door.refresh_from_db()
    assert (door.floor, door.region_code) == (6, SECOND_CELL)
    assert EditConflict.objects.get().region_code == SECOND_CELL


def test_a_person_that_moved_is_edited_where_he_is(push: Push, worker: User) -> None:
    person = person_create(item=person_input(), actor=None)
    person_update(person_id=person.pk, base_version=1, changes={"phone": "13900000000"}, actor=None)
    person_move(person_id=person.pk, to_region=SECOND_CELL, address="西沟屯1号", actor=None)
    sent = edit("person", person.pk, {"name": "李五光", "phone": PERSON_PHONE})
    assert said(push(sent)) == [("conflict", "edited_elsewhere")]
    kept = EditConflict.objects.get()
    assert (kept.kind, kept.region_code, kept.fields[0]["field"]) == ("person_edit", SECOND_CELL, "phone")


def test_the_parts_of_a_document_clash_together(push: Push, worker: User) -> None:
    person = person_create(item=person_input(), actor=None)
    changes = {"document_type": "passport", "document_number": "E11111111"}
    person_update(person_id=person.pk, base_version=1, changes={"document_number": "320311770706001"}, actor=None)
    assert said(push(edit("person", person.pk, changes))) == [("conflict", "edited_elsewhere")]
    person.refresh_from_db()
    assert person.document_type == "id_card"
    assert {entry["field"] for entry in EditConflict.objects.get().fields} == {"document_type", "document_number"}


def test_a_return_is_edited_through_the_row_that_goes_on(push: Push, worker: User) -> None:
    arrived = returnee_register(**returnee_fields())
    returnee_update(returnee_id=arrived.pk, base_version=1, changes={"transport": "coach"}, actor=worker)
    person_move(person_id=arrived.person_id, to_region=SECOND_CELL, address="西沟屯1号", actor=None)
    returnees_follow()
    sent = edit("returnee", arrived.pk, {"transport": "car", "origin": None, "origin_text": "长春"})
    assert said(push(sent)) == [("conflict", "edited_elsewhere")]
    goes_on = Returnee.objects.get(continues_id=arrived.pk)
    assert (goes_on.transport, goes_on.origin_code, goes_on.origin_text) == ("coach", "", "长春")
    assert EditConflict.objects.get().region_code == SECOND_CELL


def test_a_leaving_is_an_edit(push: Push, worker: User) -> None:
    arrived = returnee_register(**returnee_fields())
    today = clock.today().isoformat()
    assert said(push(edit("returnee", arrived.pk, {"left_on": today}))) == [("created", None)]
    arrived.refresh_from_db()
    assert arrived.state == "left"
    assert said(push(edit("returnee", arrived.pk, {"left_on": None}, version=2, seq=2))) == [("created", None)]
    assert Returnee.objects.get(continues_id=arrived.pk).state == "present"


def test_out_of_scope_and_unknown_are_answered_alike(push: Push, foreign_household: uuid.UUID) -> None:
    answer = push(
        edit("household", foreign_household, {"headcount": 5}),
        edit("household", new_id(), {"headcount": 5}),
        edit("person", new_id(), {"name": "王五"}),
        edit("returnee", new_id(), {"transport": "car"}),
    )
    assert [(r["verdict"], r["code"], r["field"]) for r in answer["results"]] == [
        ("rejected", "unknown_household", "body.household"),
        ("rejected", "unknown_household", "body.household"),
        ("rejected", "unknown_person", "body.person"),
        ("rejected", "unknown_returnee", "body.returnee"),
    ]


def test_a_registration_that_names_a_strangers_id_opens_nothing(push: Push, worker: User) -> None:
    """Registered at the desk, so that no ledger knows the ids: sent back, and whatever the batch says of them too."""
    far = returnee_register(**returnee_fields(region_code=OTHER_CELL))
    made = item(
        "returnee",
        {
            "person": str(far.person_id), "name": "李大山", "phone": "12900001234", "document_type": "passport",
            "document_number": "E12345678", "arrived_on": clock.today().isoformat(), "region": CELL, "origin": "2201",
            "address": "前进路8号",
        },
        id=str(far.pk),
    )  # fmt: skip
    check = {"person": str(far.person_id), "session": "morning", "method": "door", "symptoms": ["fever"]}
    answer = push(
        made,
        edit("person", far.person_id, {"name": "王五"}),
        edit("returnee", far.pk, {"transport": "car"}),
        item("check", check),
    )
    assert [result["code"] for result in answer["results"]] == [
        "id_reused", "unknown_person", "unknown_returnee", "unknown_person",
    ]  # fmt: skip
    far.refresh_from_db()
    assert (far.transport, far.person.name_masked) == ("train", "李*")


def test_a_worker_who_moved_on_keeps_the_edits_of_yesterday(push: Push, door: Household, worker: User) -> None:
    Duty.objects.filter(user=worker).update(valid_to=clock.today() - dt.timedelta(days=1))
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=SECOND_CELL, valid_from=clock.today())
    yesterday = (clock.now() - dt.timedelta(days=1)).isoformat()
    old, new = (edit("household", door.pk, {"headcount": n}, observed_at=at) for n, at in ((5, yesterday), (6, None)))
    new["observed_at"] = clock.now().isoformat()
    assert said(push(old)) == [("created", None)]
    assert said(push(new)) == [("rejected", "unknown_household")]


def test_a_household_out_of_use_and_a_person_deleted_are_gone(push: Push, door: Household) -> None:
    household_close(household_id=door.pk, actor=None)
    person = person_create(item=person_input(), actor=None)
    gone = str(person.pk)
    person.delete()
    answer = push(edit("household", door.pk, {"headcount": 5}), edit("person", gone, {"name": "王五"}))
    assert [(r["code"], r["field"]) for r in answer["results"]] == [
        ("target_gone", "body.household"), ("unknown_person", "body.person"),
    ]  # fmt: skip
    assert SealedBlob.objects.filter(purpose="rejected_item").count() == 1


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({}, "missing_field", "body.changes"),
        ({"colour": "red"}, "unknown_field", "body.changes.colour"),
        ({"headcount": "many"}, "bad_field", "body.changes.headcount"),
        ({"headcount": 51}, "bad_field", "body.changes.headcount"),
        ({"care": ["dragon"]}, "bad_field", "body.changes.care[0]"),
        ({"address": "长" * 121}, "bad_field", "body.changes.address"),
        ({"address": "a\u0000b"}, "bad_field", "body"),
        ({"address": "a\nb"}, "bad_field", "body.changes.address"),
        ({"address": None}, "missing_field", "body.changes.address"),
        ({"phone": "123"}, "bad_phone", "body.changes.phone"),
    ],
)
def test_a_bad_edit_comes_back_and_spoils_no_other(
    push: Push, door: Household, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = push(edit("household", door.pk, changes), edit("household", door.pk, {"floor": 6}))
    first, second = answer["results"]
    assert (first["verdict"], first["code"], first["field"]) == ("rejected", code, field)
    assert second["verdict"] == "created"
    door.refresh_from_db()
    assert (door.headcount, door.floor) == (3, 6)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"version": 1, "changes": {"headcount": 5}}, "missing_field", "body.household"),
        ({"household": "x", "version": 1, "changes": {"headcount": 5}}, "bad_field", "body.household"),
        ({"household": "{id}", "changes": {"headcount": 5}}, "missing_field", "body.version"),
        ({"household": "{id}", "version": 0, "changes": {"headcount": 5}}, "bad_field", "body.version"),
        ({"household": "{id}", "version": 1, "changes": [1]}, "bad_field", "body.changes"),
        ({"household": "{id}", "version": 1, "changes": {"headcount": 5}, "x": 1}, "unknown_field", "body.x"),
    ],
)
def test_a_body_that_is_no_edit(push: Push, door: Household, body: dict[str, Any], code: str, field: str) -> None:
    told = json.loads(json.dumps(body).replace("{id}", str(door.pk)))
    (result,) = push(item("household_edit", told))["results"]
    assert (result["verdict"], result["code"], result["field"]) == ("rejected", code, field)


def test_a_person_is_not_edited_into_another_cell_or_somebody_else(push: Push, foreign_household: uuid.UUID) -> None:
    person = person_create(item=person_input(), actor=None)
    other = person_create(item=person_input(document_type="passport", document_number="E1234567"), actor=None)
    answer = push(
        edit("person", person.pk, {"household": str(foreign_household)}),
        edit("person", other.pk, {"document_type": "id_card", "document_number": "11010519491231002X"}),
        edit("person", other.pk, {"purpose": None}),
    )
    assert [(r["code"], r["field"]) for r in answer["results"]] == [
        ("unknown_household", "body.changes.household"),
        ("already_registered", "body.changes.document_number"),
        ("missing_field", "body.changes.purpose"),
    ]


def test_a_mended_edit_goes_through_under_its_id(push: Push, door: Household) -> None:
    bad = edit("household", door.pk, {"phone": "123"})
    assert said(push(bad)) == [("rejected", "bad_phone")]
    assert said(push(edit("household", door.pk, {"phone": PHONE[:-1] + "9"}, id=bad["id"]))) == [("created", None)]


def test_visits_never_clash_and_cost_what_they_did(push: Push, door: Household) -> None:
    def visits(count: int) -> list[dict[str, Any]]:
        return [item("visit", {"household": str(door.pk), "outcome": "seen_well"}, seq=n + 1) for n in range(count)]

    push(*visits(1))
    with CaptureQueriesContext(connection) as few:
        push(*visits(2))
    with CaptureQueriesContext(connection) as many:
        push(*visits(60))
    assert len(many) == len(few)
    assert not [query for query in many if "editconflict" in str(query["sql"])]
    assert Visit.objects.count() == 63


def test_a_day_with_a_clash_is_not_closed_until_somebody_chose(push: Push, phone: APIClient, door: Household) -> None:
    office_edits(door, headcount=7)
    sent = edit("household", door.pk, {"headcount": 5})
    push(sent)
    day = {"device": DEVICE, "day": clock.today().isoformat(), "made": [sent["id"]]}
    assert phone.post("/api/v1/sync/receipts/", day, format="json").json()["refused"] == [sent["id"]]
    chosen = choice(sent["id"], headcount="theirs")
    assert said(push(chosen)) == [("created", None)]
    closing = phone.post("/api/v1/sync/receipts/", {**day, "made": [sent["id"], chosen["id"]]}, format="json").json()
    assert (closing["closed"], closing["confirmed"]) == (True, 2)
    assert said(push(sent)) == [("duplicate", None)]
