"""Writing people: for a purpose, once per document, handed over with a trace; seen in full only with a reason."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.audit.models import AuditEntry
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.core.models import Tombstone
from backend.regions.models import Region
from backend.residents.models import Person, PersonAlias
from backend.residents.selectors import people_by_id, person_by_document
from backend.residents.services import (
    household_reveal,
    households_create,
    person_create,
    person_ensure,
    person_move,
    person_reveal,
    person_update,
)
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import DOCUMENT, HEAD, NAME, PERSON_PHONE, PHONE, SECOND_CELL, household, person
from tests.residents.test_households import refused

Users = Callable[..., User]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tree")]


def test_a_person_is_stored_sealed_and_masked() -> None:
    row = person_create(item=person(), actor=None)
    assert (row.name_masked, row.phone_last4, row.purposes, row.place) == ("李*", "4321", ["returnee"], "东沟屯12号")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(p)::text FROM residents_person p WHERE id = %s", [row.pk])
        stored = cursor.fetchone()[0]
    for value in (NAME, PERSON_PHONE, DOCUMENT, NAME.encode().hex(), DOCUMENT.encode().hex()):
        assert value not in stored


def test_an_abolished_area_is_marked_and_never_refused() -> None:
    abolished = person_create(item=person(), actor=None)
    known = person_create(item=person(document_number="220521198001010013"), actor=None)
    passport = person_create(item=person(document_type="passport", document_number="E12345678"), actor=None)
    assert [row.document_area_unknown for row in (abolished, known, passport)] == [True, False, False]


def test_no_person_without_a_purpose() -> None:
    refused(ErrorCode.BAD_FIELD, lambda: person_create(item=person(purpose=""), actor=None), "purpose")
    row = person_create(item=person(), actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=row.pk).update(purposes=[])


def test_a_document_is_on_record_once_in_either_form() -> None:
    first = person_create(item=person(document_number="110105491231002"), actor=None)
    assert person_by_document("id_card", DOCUMENT) == first
    refused(ErrorCode.ALREADY_REGISTERED, lambda: person_create(item=person(), actor=None), "document_number")


def test_a_known_document_brings_the_person_up_to_date() -> None:
    first = person_create(item=person(purpose="key_group"), actor=None)
    again = person(region_code=OTHER_CELL, phone="13611112222", address="新家", name="李四")
    found, created = person_ensure(item=again, actor=None)
    assert (found.pk, created) == (first.pk, False)
    assert (found.region_code, found.previous_codes) == (OTHER_CELL, [CELL])
    assert (found.phone_last4, found.address, found.purposes) == ("2222", "新家", ["key_group", "returnee"])
    assert people_by_id([again.id])[again.id].id == first.pk
    told = set(Tombstone.objects.values_list("object_id", "region_code"))
    assert told == {(str(first.pk), CELL), (str(again.id), OTHER_CELL)}
    entry = AuditEntry.objects.get(action="person_match")
    assert entry.detail == {"from": CELL, "purpose": "returnee", "name_differs": True}


def test_the_same_registration_twice_makes_one_alias() -> None:
    person_create(item=person(), actor=None)
    again = person()
    person_ensure(item=again, actor=None)
    person_ensure(item=again, actor=None)
    assert PersonAlias.objects.count() == 1


def test_an_id_means_one_person_for_ever() -> None:
    first = person_create(item=person(), actor=None)
    other = person(id=first.pk, document_type="passport", document_number="E12345678")
    refused(ErrorCode.ID_REUSED, lambda: person_create(item=other, actor=None))
    second = person_create(item=person(document_type="passport", document_number="E12345678"), actor=None)
    refused(ErrorCode.ID_REUSED, lambda: person_ensure(item=person(id=second.pk), actor=None))
    alias = person()
    person_ensure(item=alias, actor=None)
    stolen = person(id=alias.id, document_type="passport", document_number="E12345678")
    refused(ErrorCode.ID_REUSED, lambda: person_ensure(item=stolen, actor=None))


def test_people_without_document_are_never_matched() -> None:
    nobody = {"document_type": "", "document_number": "", "purpose": "family"}
    first = person_create(item=person(**nobody), actor=None)
    second = person_create(item=person(**nobody), actor=None)
    assert first.pk != second.pk


def test_cell_and_household_must_exist() -> None:
    refused(ErrorCode.UNKNOWN_REGION, lambda: person_create(item=person(region_code="220521"), actor=None))
    refused(
        ErrorCode.UNKNOWN_HOUSEHOLD, lambda: person_create(item=person(household_id=new_id(), address=""), actor=None)
    )
    assert not Person.objects.exists()


def test_an_edit_replaces_what_it_names() -> None:
    row = person_create(item=person(), actor=None)
    changed = person_update(
        person_id=row.pk, base_version=1, changes={"name": "王五", "purposes": ["returnee", "suspect"]}, actor=None
    )
    assert (changed.name_masked, changed.phone_last4, changed.version) == ("王*", "4321", 2)
    assert changed.purposes == ["returnee", "suspect"]

    def late(base_version: int = 2, **changes: Any) -> Person:
        return person_update(person_id=row.pk, base_version=base_version, changes=changes, actor=None)

    refused(ErrorCode.EDITED_ELSEWHERE, lambda: late(base_version=1, name="赵六"))
    refused(ErrorCode.UNKNOWN_FIELD, lambda: late(region_code=OTHER_CELL), "region_code")
    refused(ErrorCode.BAD_FIELD, lambda: late(purposes=["returnee", "curiosity"]), "purpose")
    refused(ErrorCode.MISSING_FIELD, lambda: late(purposes=None), "purposes")
    refused(ErrorCode.MISSING_FIELD, lambda: late(address=None), "address")
    assert late(purposes=[], address="", name="").version == 2, "what says nothing changes nothing"
    assert late(base_version=1, address="西沟屯3号").place == "西沟屯3号", "another field merges"


def test_an_edit_keeps_the_document_whole() -> None:
    row = person_create(item=person(), actor=None)

    def edit(**changes: Any) -> Person:
        return person_update(person_id=row.pk, base_version=1, changes=changes, actor=None)

    refused(ErrorCode.MISSING_FIELD, lambda: edit(document_type=None), "document_type")
    cleared = edit(document_type=None, document_number=None)
    assert (cleared.document_type, cleared.document_sealed, cleared.document_index) == ("", None, None)


def test_an_edit_puts_nobody_into_another_cells_household() -> None:
    row = person_create(item=person(), actor=None)
    here, there = household(), household(region_code=OTHER_CELL)
    households_create(items=[here, there], actor=None)

    def settle(home: Any) -> Person:
        return person_update(person_id=row.pk, base_version=1, changes={"household_id": home}, actor=None)

    refused(ErrorCode.UNKNOWN_HOUSEHOLD, lambda: settle(there.id), "household")
    assert settle(here.id).household_id == here.id


def test_a_phones_own_id_is_edited_as_the_person_on_record() -> None:
    row = person_create(item=person(), actor=None)
    alias = PersonAlias.objects.create(id=new_id(), person=row)
    assert person_update(person_id=alias.pk, base_version=1, changes={"name": "王五"}, actor=None).pk == row.pk


def test_an_edit_cannot_take_somebody_elses_document() -> None:
    person_create(item=person(), actor=None)
    other = person_create(item=person(document_type="passport", document_number="E12345678"), actor=None)
    changes = {"document_type": "id_card", "document_number": DOCUMENT}
    refused(
        ErrorCode.ALREADY_REGISTERED,
        lambda: person_update(person_id=other.pk, base_version=1, changes=changes, actor=None),
    )


def test_a_move_leaves_a_trace_in_the_old_cell(user_with: Users) -> None:
    row = person_create(item=person(), actor=None)
    village = user_with(Role.VILLAGE, "220521901901")
    moved = person_move(person_id=row.pk, to_region=SECOND_CELL, actor=village, address="西沟屯3号")
    assert (moved.region_code, moved.previous_codes, moved.address) == (SECOND_CELL, [CELL], "西沟屯3号")
    assert Tombstone.objects.filter(kind="person", object_id=str(row.pk), region_code=CELL).count() == 1
    refused(
        ErrorCode.UNKNOWN_REGION,
        lambda: person_move(person_id=row.pk, to_region=OTHER_CELL, actor=village, address="远处"),
    )
    refused(ErrorCode.MISSING_FIELD, lambda: person_move(person_id=row.pk, to_region=CELL, actor=village))
    late = {"address": "东沟屯1号"}
    refused(
        ErrorCode.EDITED_ELSEWHERE,
        lambda: person_update(person_id=row.pk, base_version=1, changes=late, actor=village),
        "address",
    )


def test_a_reveal_shows_what_was_asked_and_leaves_a_trace(user_with: Users) -> None:
    row = person_create(item=person(), actor=None)
    town = user_with(Role.TOWNSHIP, "220521901")
    shown = person_reveal(actor=town, person_id=row.pk, purpose="电话核实李四光行程", fields=["phone", "document"])
    assert shown == {"phone": PERSON_PHONE, "document": DOCUMENT}
    entry = AuditEntry.objects.get(action="person_reveal")
    assert (entry.actor_id, entry.target_id, entry.region_code) == (town.pk, str(row.pk), CELL)
    assert entry.detail == {"fields": ["document", "phone"], "purpose": "电话核实李*行程"}


@pytest.mark.parametrize(
    ("purpose", "fields", "code"),
    [
        ("", ["phone"], ErrorCode.PURPOSE_REQUIRED),
        (" 查 ", ["phone"], ErrorCode.PURPOSE_REQUIRED),
        ("查" * 61, ["phone"], ErrorCode.PURPOSE_REQUIRED),
        ("致电13987654321", ["phone"], ErrorCode.BAD_FIELD),
        ("核实行程", ["salary"], ErrorCode.BAD_FIELD),
        ("核实行程", [], ErrorCode.MISSING_FIELD),
    ],
)
def test_no_reveal_without_a_proper_reason(user_with: Users, purpose: str, fields: list[str], code: ErrorCode) -> None:
    row = person_create(item=person(), actor=None)
    town = user_with(Role.TOWNSHIP, "220521901")
    refused(code, lambda: person_reveal(actor=town, person_id=row.pk, purpose=purpose, fields=fields))
    assert not AuditEntry.objects.filter(action="person_reveal").exists()


@pytest.mark.parametrize(
    ("role", "region"), [(Role.TOWNSHIP, "220521902"), (Role.VILLAGE, "220521901901"), (Role.GRID_WORKER, CELL)]
)
def test_out_of_scope_or_without_capability_nobody_is_found(user_with: Users, role: Role, region: str) -> None:
    row = person_create(item=person(), actor=None)
    actor = user_with(role, region)
    refused(
        ErrorCode.NOT_FOUND,
        lambda: person_reveal(actor=actor, person_id=row.pk, purpose="核实行程", fields=["phone"]),
    )


def test_a_household_reveals_head_and_phone(user_with: Users) -> None:
    item = household()
    households_create(items=[item], actor=None)
    town = user_with(Role.TOWNSHIP, "220521901")
    shown = household_reveal(actor=town, household_id=item.id, purpose="送药前联系", fields=["name", "phone"])
    assert shown == {"name": HEAD, "phone": PHONE}
    refused(
        ErrorCode.BAD_FIELD,
        lambda: household_reveal(actor=town, household_id=item.id, purpose="送药前联系", fields=["document"]),
    )


@pytest.mark.django_db(transaction=True)
def test_two_phones_registering_one_document_at_once_make_one_person(tree: dict[str, Region]) -> None:
    items = [person(), person(region_code=SECOND_CELL)]
    together = threading.Barrier(2)
    outcomes: list[tuple[str, bool]] = []

    def register(index: int) -> None:
        try:
            together.wait(10)
            found, created = person_ensure(item=items[index], actor=None)
            outcomes.append((str(found.pk), created))
        except ApiError as error:
            outcomes.append((error.code.code, False))
        finally:
            connection.close()

    threads = [threading.Thread(target=register, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({pk for pk, _ in outcomes}) == 1
    assert sorted(created for _, created in outcomes) == [False, True]
    assert Person.objects.count() == 1
    assert set(people_by_id(item.id for item in items)) == {item.id for item in items}
