"""Choosing between two edits: by who may, once, on what stands now; pulled by those whose cells it lies in."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.audit.models import AuditEntry
from backend.core.ids import new_id
from backend.residents.models import Household, Person
from backend.residents.services import household_close, person_create, person_update
from backend.sync.models import EditConflict
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import SECOND_CELL
from tests.residents.factories import person as person_input
from tests.sync.conftest import item
from tests.sync.edits import Push, choice, edit, office_edits, said

pytestmark = pytest.mark.django_db


def test_mine_is_written_and_other_fields_stay(push: Push, door: Household, clash: str) -> None:
    office_edits(door, floor=9)
    assert said(push(choice(clash, headcount="mine", phone="theirs"))) == [("created", None)]
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4, door.floor) == (5, "0000", 9)
    kept = EditConflict.objects.get()
    assert (kept.state, kept.choices, kept.mine_sealed) == ("chosen", {"headcount": "mine", "phone": "theirs"}, None)
    assert AuditEntry.objects.get(action="conflict_choose").detail == {"state": "chosen", "fields": ["headcount"]}


def test_a_third_change_is_not_overwritten_but_asked_about(push: Push, door: Household, clash: str) -> None:
    office_edits(door, headcount=8)
    both = {"headcount": "mine", "phone": "mine"}
    answer = push(choice(clash, **both))
    assert [(r["verdict"], r["code"], r["field"]) for r in answer["results"]] == [
        ("rejected", "edited_again", "body.version")
    ]
    assert "重新选择" in answer["results"][0]["message"]
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4) == (8, "0000"), "nothing of the choice is written"
    kept = EditConflict.objects.get()
    assert (kept.state, kept.version) == ("open", 2)
    assert [(entry["field"], entry["mine"], entry["theirs"]) for entry in kept.fields] == [
        ("headcount", 5, 8), ("phone", "137****0001", "139****0000"),
    ]  # fmt: skip
    # Chosen from the old values once more: asked once more, and nothing is written.
    assert said(push(choice(clash, **both))) == [("rejected", "edited_again")]
    assert said(push(choice(clash, seen=2, **both))) == [("created", None)]
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4) == (5, "0001")


def test_a_third_change_to_another_field_is_no_reason_to_ask(push: Push, door: Household, clash: str) -> None:
    office_edits(door, headcount=8)
    assert said(push(choice(clash, headcount="theirs", phone="mine"))) == [("created", None)]
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4) == (8, "0001")


def test_a_field_that_a_third_change_made_equal_is_asked_about_no_more(push: Push, door: Household, clash: str) -> None:
    office_edits(door, headcount=5, phone="13600000002")
    assert said(push(choice(clash, headcount="mine", phone="mine"))) == [("rejected", "edited_again")]
    assert [entry["field"] for entry in EditConflict.objects.get().fields] == ["phone"]
    assert said(push(choice(clash, seen=2, phone="mine"))) == [("created", None)]
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4) == (5, "0001")


def test_keeping_what_stands_needs_no_second_look(push: Push, door: Household, clash: str) -> None:
    """Even from old values: who gives up his own overwrites nobody."""
    office_edits(door, headcount=8)
    push(choice(clash, headcount="mine", phone="theirs"))
    assert said(push(choice(clash, headcount="theirs", phone="theirs"))) == [("created", None)]
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4) == (8, "0000")


def test_a_sealed_value_comes_back_whole(push: Push, door: Household, clash: str) -> None:
    assert said(push(choice(clash, headcount="theirs", phone="mine"))) == [("created", None)]
    door.refresh_from_db()
    assert (door.headcount, door.phone_last4) == (7, "0001")


def test_a_field_emptied_on_purpose_is_emptied_by_the_choice(push: Push, door: Household) -> None:
    office_edits(door, phone="13900000000", care=["infant"])
    sent = edit("household", door.pk, {"phone": None, "care": None})
    push(sent)
    assert [entry["mine"] for entry in EditConflict.objects.get().fields if entry["field"] == "phone"] == [None]
    push(choice(sent["id"], phone="mine", care="mine"))
    door.refresh_from_db()
    assert (door.phone_sealed, door.care) == (None, [])


def test_choosing_twice(push: Push, clash: str, neighbour: APIClient) -> None:
    first = choice(clash, headcount="mine", phone="mine")
    assert said(push(first)) == [("created", None)]
    assert said(push(first)) == [("duplicate", None)]
    assert said(push(choice(clash, headcount="mine", phone="mine"), client=neighbour)) == [("created", None)]
    other = push(choice(clash, headcount="theirs", phone="mine"), client=neighbour)
    assert said(other) == [("rejected", "already_chosen")]
    assert "同步" in other["results"][0]["message"]


def test_a_choice_names_every_field_and_no_other(push: Push, clash: str) -> None:
    answer = push(
        choice(clash, headcount="mine"),
        choice(clash, headcount="mine", phone="mine", floor="mine"),
        choice(clash, headcount="both", phone="mine"),
        choice(clash),
        item("conflict_choice", {"version": 1, "choices": {"phone": "mine"}}),
        choice(new_id(), headcount="mine", phone="mine"),
    )
    assert [(r["code"], r["field"]) for r in answer["results"]] == [
        ("missing_field", "body.choices.phone"),
        ("unknown_field", "body.choices.floor"),
        ("bad_field", "body.choices[...]"),
        ("bad_field", "body.choices"),
        ("missing_field", "body.conflict"),
        ("unknown_conflict", "body.conflict"),
    ]
    assert EditConflict.objects.get().state == "open"


def test_a_record_out_of_use_makes_the_conflict_void(push: Push, door: Household, clash: str) -> None:
    household_close(household_id=door.pk, actor=None)
    answer = push(choice(clash, headcount="mine", phone="mine"))
    assert said(answer) == [("rejected", "target_gone")]
    assert "不再需要处理" in answer["results"][0]["message"]
    assert EditConflict.objects.get().state == "void"
    assert said(push(choice(clash, headcount="theirs", phone="theirs"))) == [("rejected", "target_gone")]


def test_a_person_deleted_since_makes_it_void(push: Push, worker: User) -> None:
    person = person_create(item=person_input(), actor=None)
    person_update(person_id=person.pk, base_version=1, changes={"name": "王五"}, actor=None)
    sent = edit("person", person.pk, {"name": "王六"})
    assert said(push(sent)) == [("conflict", "edited_elsewhere")]
    Person.objects.filter(pk=person.pk).delete()
    assert said(push(choice(sent["id"], name="theirs"))) == [("rejected", "target_gone")]
    assert EditConflict.objects.get().state == "void"


def test_a_value_that_can_no_longer_be_written_leaves_it_open(push: Push, worker: User) -> None:
    person = person_create(item=person_input(), actor=None)
    person_update(person_id=person.pk, base_version=1, changes={"document_number": "320311770706001"}, actor=None)
    sent = edit("person", person.pk, {"document_type": "passport", "document_number": "E11111111"})
    push(sent)
    person_create(item=person_input(document_type="passport", document_number="E11111111"), actor=None)
    answer = push(choice(sent["id"], document_type="mine", document_number="mine"))
    assert [(r["code"], r["field"]) for r in answer["results"]] == [
        ("already_registered", "body.choices.document_number")
    ]
    assert EditConflict.objects.get().state == "open"


def test_it_is_chosen_by_the_author_or_who_may_edit_there(
    push: Push, clash: str, worker: User, neighbour: APIClient,
    client_of: Callable[[User], APIClient], user_with: Callable[..., User],
) -> None:  # fmt: skip
    for role, region in ((Role.GRID_WORKER, SECOND_CELL), (Role.VILLAGE, OTHER_CELL[:12]), (Role.CLINIC, CELL[:12])):
        stranger = client_of(user_with(role, region))
        answer = push(choice(clash, headcount="mine", phone="mine"), client=stranger)
        assert said(answer) == [("rejected", "unknown_conflict")]
    Duty.objects.filter(user=worker).update(region_code=OTHER_CELL)
    assert said(push(choice(clash, headcount="mine", phone="mine"))) == [("created", None)]


def test_a_later_edit_of_the_phone_that_chose_is_no_clash(push: Push, door: Household, clash: str) -> None:
    made = choice(clash, headcount="mine", phone="theirs")
    push({**made, "seq": 5})
    assert said(push(edit("household", door.pk, {"headcount": 4}, seq=6))) == [("created", None)]
    door.refresh_from_db()
    assert door.headcount == 4
