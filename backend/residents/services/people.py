"""Writing people (人员). Duty A3: a person is stored only for a purpose, once per document."""

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from backend.accounts.choices import Capability
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.models import Tombstone
from backend.regions.services import cells_hold
from backend.residents.listeners import Move, announce_moved
from backend.residents.models import Household, Person, PersonAlias
from backend.residents.rules import (
    EditOrigin,
    PersonInput,
    marked,
    mask_document,
    mask_name,
    mask_phone,
    person_problem,
)
from backend.residents.selectors import document_digest
from backend.residents.services.edits import Clash, LateEdit, author_name, edit_mark, edit_merge, edit_part
from backend.residents.services.households import cells_must_stay, hand_over
from backend.residents.services.sealing import DOCUMENT, NAME, PERSON_PHONE, opened, put_document, put_name, put_phone
from backend.residents.services.voiding import handovers_void

#: What a field that may be emptied holds then; the others always say something.
_EMPTY: dict[str, Any] = {
    "phone": "", "document_type": "", "document_number": "", "address": "", "household_id": None,
}  # fmt: skip
_SHOWN = {"name": mask_name, "phone": mask_phone, "document_number": mask_document}
#: Fields that mean nothing without each other.
_TOGETHER = (("document_type", "document_number"), ("household_id", "address"))
EDITABLE = ("name", "phone", "document_type", "document_number", "address", "household_id", "purposes")


def person_create(*, item: PersonInput, actor: Any | None) -> Person:
    """Store a new person. The caller has checked that `actor` may write in the cell.

    Raises ALREADY_REGISTERED when the document is on record, ID_REUSED, UNKNOWN_REGION, UNKNOWN_HOUSEHOLD and the codes
    of `person_problem`.
    """
    person, created = person_ensure(item=item, actor=actor, match=False)
    if not created:
        raise ApiError(ErrorCode.ALREADY_REGISTERED, field="document_number")
    return person


@transaction.atomic
def person_ensure(*, item: PersonInput, actor: Any | None, match: bool = True) -> tuple[Person, bool]:
    """The person under `item`'s document, made if new: `(person, whether it was made)`.

    Somebody on record already is brought up to date (cell, household or address, phone, purposes), and `item.id`
    becomes an alias, so that what a phone recorded under the id it made still finds him. With `match=False` he is left
    as he is. Two phones that register one document at the same moment get one person.
    """
    if problem := person_problem(item, demo=settings.DEMO_MODE, today=clock.today()):
        raise ApiError(problem[0], field=problem[1])
    cells_must_stay({item.region_code})
    _household_must_exist(item.household_id)
    fresh = _row(item)
    Person.objects.bulk_create([fresh], ignore_conflicts=True)
    if fresh.document_index is None:
        stored = Person.objects.select_for_update(no_key=True).filter(pk=item.id, document_index=None).first()
    else:
        stored = Person.objects.select_for_update(no_key=True).filter(document_index=fresh.document_index).first()
    if stored is None:
        raise ApiError(ErrorCode.ID_REUSED, field="person")
    # The seal's nonce is new each time: it tells the row just written from one that was there.
    if bytes(stored.name_sealed) == fresh.name_sealed:
        _audit(actor, "person_create", stored, {"purpose": item.purpose})
        return stored, True
    if match:
        _bring_up_to_date(stored, item, actor)
    return stored, False


def _row(item: PersonInput) -> Person:
    person = Person(
        id=item.id,
        region_code=item.region_code,
        household_id=item.household_id,
        address="" if item.household_id else item.address.strip(),
        purposes=[item.purpose],
        created_at=item.created_at or clock.now(),
    )
    put_name(person, item.name)
    put_document(person, item.document_type, item.document_number)
    put_phone(person, item.phone)
    return person


def _household_must_exist(household_id: uuid.UUID | None) -> None:
    if household_id is not None and not Household.objects.open().filter(pk=household_id).exists():
        raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")


def _bring_up_to_date(person: Person, item: PersonInput, actor: Any | None) -> None:
    old = person.region_code
    if item.region_code != old or item.household_id is not None:
        handovers_void(person_ids=[person.pk], actor=actor)
    if item.region_code != old:
        hand_over(person, item.region_code)
        Tombstone.objects.create(kind="person", object_id=str(person.pk), region_code=old)
    else:
        person.version += 1
    person.household_id = item.household_id
    person.address = "" if item.household_id else item.address.strip()
    if item.phone:
        put_phone(person, item.phone)
    if item.purpose not in person.purposes:
        person.purposes = [*person.purposes, item.purpose]
    _mark(person, ["address", "household_id", *(["phone"] if item.phone else [])], actor)
    person.save()
    if item.id != person.pk:
        _alias(item.id, person, item.region_code)
    if old != person.region_code:
        announce_moved(Move(old, person.region_code, actor, person_ids=(person.pk,)))
    name_differs = opened(person, person.name_sealed, NAME) != item.name.strip()
    _audit(actor, "person_match", person, {"from": old, "purpose": item.purpose, "name_differs": name_differs})


def _mark(person: Person, fields: Collection[str], actor: Any | None) -> None:
    """Note, unsaved, that `fields` changed in the version that `person` has by now."""
    person.field_marks = marked(
        person.field_marks, fields, version=person.version, by=author_name(actor), at=clock.now()
    )  # fmt: skip


def _alias(alias_id: uuid.UUID, person: Person, region_code: str) -> None:
    alias, made = PersonAlias.objects.get_or_create(id=alias_id, defaults={"person": person})
    if alias.person_id != person.pk or Person.objects.filter(pk=alias_id).exists():
        raise ApiError(ErrorCode.ID_REUSED, field="person")
    if made:
        # The phone drops the copy it made under its own id and pulls the person on record instead.
        Tombstone.objects.create(kind="person", object_id=str(alias_id), region_code=region_code)


# In order of id, so that two batches about the same people cannot wait for each other in a ring.
_LOCK = """
SELECT p.id, p.region_code FROM residents_person p
WHERE p.id = ANY(%(ids)s) OR p.id IN (SELECT a.person_id FROM residents_personalias a WHERE a.id = ANY(%(ids)s))
ORDER BY p.id FOR NO KEY UPDATE OF p
"""


def people_lock(*, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Lock these people, or whom these aliases mean, until the transaction ends: `person → cell`. One query, unscoped.

    Whatever is derived from a person's facts is derived under this lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"ids": list(person_ids)})
        return dict(cursor.fetchall())


def households_lock(*, household_ids: Collection[uuid.UUID], person_ids: Collection[uuid.UUID]) -> None:
    """Lock these households, who lives there and these people, each in the order of ids, until the transaction ends.

    Who gives several of them away at once does so under these locks: two uploads then cannot wait for each other in a
    ring. Unscoped.
    """
    list(Household.objects.select_for_update(no_key=True).filter(pk__in=household_ids).order_by("pk").values_list("pk"))
    residents = Person.objects.filter(household_id__in=household_ids).values_list("pk", flat=True)
    people_lock(person_ids={*person_ids, *residents})


def person_locked(actor: Any | None, person_id: uuid.UUID) -> Person:
    """The person (or whom that alias means), locked for change, if `actor` may change people there.

    Raises UNKNOWN_PERSON.
    """
    rows = Person.objects.all()
    if actor is not None:
        rows = rows.visible_to(actor, Capability.HOUSEHOLD_EDIT)
    alias = PersonAlias.objects.filter(pk=person_id).values_list("person_id", flat=True).first()
    person = rows.select_for_update(no_key=True).filter(pk=alias or person_id).first()
    if person is None:
        raise ApiError(ErrorCode.UNKNOWN_PERSON, field="person")
    return person


@transaction.atomic
def person_update(*, person_id: uuid.UUID, base_version: int, changes: Mapping[str, Any], actor: Any | None) -> Person:
    """Apply `changes` (fields of `EDITABLE`) that were made on top of `base_version`, merged field by field.

    None empties a field, an empty value says nothing; type and number of a document change together. A household must
    lie in the person's cell: another cell is a move. Raises UNKNOWN_PERSON, UNKNOWN_HOUSEHOLD, ALREADY_REGISTERED when
    the document is somebody else's, what `edit_merge` raises, and the codes of `person_problem`.
    """
    person = person_locked(actor, person_id)
    current = _editable(person)
    differing = edit_merge(
        current=current, changes=changes, base_version=base_version, version=person.version, marks=person.field_marks,
        empty=_EMPTY, shown=_SHOWN,
    )  # fmt: skip
    _apply(person, current, differing, actor=actor)
    return person


@transaction.atomic
def person_merge(*, person_id: uuid.UUID, edit: LateEdit, actor: Any | None) -> tuple[Person, list[Clash]]:
    """As `person_update`, but what clashes is left as it stands and handed back, and the rest is applied.

    The caller has made sure that `actor` may edit him, or might when he wrote. Raises as `person_update`, but for
    EDITED_ELSEWHERE; nothing is written then.
    """
    person = person_locked(None, person_id)
    current = _editable(person)
    differing, clashes = edit_part(
        current=current, edit=edit, version=person.version, marks=person.field_marks, empty=_EMPTY, shown=_SHOWN,
        together=_TOGETHER,
    )  # fmt: skip
    _apply(person, current, differing, actor=actor, origin=edit.origin)
    return person, clashes


def _apply(
    person: Person,
    current: Mapping[str, Any],
    differing: Mapping[str, Any],
    *,
    actor: Any | None,
    origin: EditOrigin | None = None,
) -> None:
    if not differing:
        return
    wanted = {**current, **differing}
    if "household_id" in differing and wanted["household_id"] is not None:
        _household_must_lie_in(wanted["household_id"], person.region_code)
        handovers_void(person_ids=[person.pk], actor=actor)
    _person_must_be_sound(person, wanted)
    if {"document_type", "document_number"} & set(differing):
        _document_must_be_free(person, wanted["document_type"], wanted["document_number"])
        put_document(person, wanted["document_type"], wanted["document_number"])
    if "name" in differing:
        put_name(person, wanted["name"])
    if "phone" in differing:
        put_phone(person, wanted["phone"])
    person.household_id = wanted["household_id"]
    person.address = "" if person.household_id else wanted["address"].strip()
    person.purposes = list(wanted["purposes"])
    edit_mark(person, differing, actor=actor, origin=origin)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        # Somebody registered the same document a moment ago.
        raise ApiError(ErrorCode.ALREADY_REGISTERED, field="document_number") from error
    _audit(actor, "person_update", person, {"fields": sorted(differing), "version": person.version})


def _editable(person: Person) -> dict[str, Any]:
    """The fields of `EDITABLE`, in the plain."""
    return {
        "name": opened(person, person.name_sealed, NAME),
        "phone": opened(person, person.phone_sealed, PERSON_PHONE),
        "document_type": person.document_type,
        "document_number": opened(person, person.document_sealed, DOCUMENT),
        "address": person.address,
        "household_id": person.household_id,
        "purposes": tuple(person.purposes),
    }


def _person_must_be_sound(person: Person, wanted: Mapping[str, Any]) -> None:
    for purpose in wanted["purposes"]:
        item = PersonInput(
            id=person.pk, region_code=person.region_code, purpose=purpose,
            **{field: value for field, value in wanted.items() if field != "purposes"},
        )  # fmt: skip
        if problem := person_problem(item, demo=settings.DEMO_MODE, today=clock.today()):
            raise ApiError(problem[0], field=problem[1])


def _household_must_lie_in(household_id: uuid.UUID, region_code: str) -> None:
    if not Household.objects.open().filter(pk=household_id, region_code=region_code).exists():
        raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")


def _document_must_be_free(person: Person, kind: str, number: str) -> None:
    if number and Person.objects.filter(document_index=document_digest(kind, number)).exclude(pk=person.pk).exists():
        raise ApiError(ErrorCode.ALREADY_REGISTERED, field="document_number")


@transaction.atomic
def person_move(
    *, person_id: uuid.UUID, to_region: str, actor: Any | None, household_id: uuid.UUID | None = None, address: str = ""
) -> Person:
    """Make another cell responsible for a person, at a household there or at `address`.

    Raises UNKNOWN_PERSON, UNKNOWN_REGION (not a cell, or outside `actor`'s scope), UNKNOWN_HOUSEHOLD, MISSING_FIELD.
    """
    cells_hold({to_region})
    person = person_locked(actor, person_id)
    if actor is not None and not actor.scope(Capability.HOUSEHOLD_EDIT).covers(to_region):
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="region")
    cells_must_stay({to_region})
    _household_must_exist(household_id)
    if household_id is None and not address.strip():
        raise ApiError(ErrorCode.MISSING_FIELD, field="address")
    handovers_void(person_ids=[person.pk], actor=actor)
    person.household_id = household_id
    person.address = "" if household_id else address.strip()
    person_give(person, to_region, actor=actor, changed=("address", "household_id"))
    return person


def person_give(person: Person, to_region: str, *, actor: Any | None, changed: Collection[str] = ()) -> None:
    """Make `to_region`, a cell in use, responsible for the locked person, and save what `changed` beside it."""
    old = person.region_code
    if old == to_region:
        person.version += 1
    else:
        hand_over(person, to_region)
        Tombstone.objects.create(kind="person", object_id=str(person.pk), region_code=old)
    _mark(person, changed, actor)
    person.save()
    if old != to_region:
        announce_moved(Move(old, to_region, actor, person_ids=(person.pk,)))
    _audit(actor, "person_move", person, {"from": old, "to": to_region})


def _audit(actor: Any | None, action: str, person: Person, detail: dict[str, Any]) -> None:
    audit_record(
        actor=actor, action=action, target_kind="person", target_id=person.pk, region=person.region_code, detail=detail
    )
