"""Writing households (住户). Duty A1: every household lies in exactly one grid cell."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from backend.accounts.choices import Capability
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.models import Tombstone
from backend.regions.services import cells_hold
from backend.residents.listeners import Move, announce_moved
from backend.residents.models import Household, HouseholdTenure, Person
from backend.residents.rules import (
    EditOrigin,
    HouseholdInput,
    household_problem,
    mask_name,
    mask_phone,
    search_text,
    walking_key,
)
from backend.residents.services.edits import Clash, LateEdit, edit_mark, edit_merge, edit_part
from backend.residents.services.sealing import HEAD, HOUSEHOLD_PHONE, opened, put_head, put_phone
from backend.residents.services.voiding import handovers_void

#: Rows per INSERT.
CHUNK = 1000
EDITABLE = (
    "address", "building", "unit", "floor", "door", "head_name", "headcount", "phone", "occupancy", "care",
)  # fmt: skip

#: What a field that may be emptied holds then; the others always say something.
_EMPTY: dict[str, Any] = {"building": "", "unit": "", "floor": None, "door": "", "phone": "", "care": ()}
_SHOWN = {"head_name": mask_name, "phone": mask_phone}

# One statement opens the tenures of exactly the households that this call created.
_OPEN_TENURES = """
    INSERT INTO residents_householdtenure (household_id, region_code, valid_from)
    SELECT h.id, h.region_code, h.created_at FROM residents_household h
    WHERE h.id = ANY(%s) AND NOT EXISTS (SELECT FROM residents_householdtenure t WHERE t.household_id = h.id)
    RETURNING household_id
"""


def cells_must_stay(codes: set[str]) -> None:
    """Raise UNKNOWN_REGION unless every code is a grid cell in use, and stays so until this transaction ends.

    Somebody is written into them. Who locks a household or person too holds the cell before (`cells_hold`): a merger
    locks in this order.
    """
    if cells_hold(codes) != codes:
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="region")


def households_create(*, items: Sequence[HouseholdInput], actor: Any | None) -> set[uuid.UUID]:
    """Store new households, set-based; returns the ids that were new (a known id is left as it is).

    The caller has checked that `actor` may write in these cells. Raises the code of the first wrong item, before
    anything is written; UNKNOWN_REGION when a cell does not exist.
    """
    for item in items:
        if problem := household_problem(item, demo=settings.DEMO_MODE):
            raise ApiError(problem[0], field=problem[1])
    if not items:
        return set()
    now = clock.now()
    rows = [_row(item, item.created_at or now) for item in items]
    with transaction.atomic():
        cells_must_stay({item.region_code for item in items})
        Household.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
        with connection.cursor() as cursor:
            cursor.execute(_OPEN_TENURES, [[row.pk for row in rows]])
            created = {found[0] for found in cursor.fetchall()}
        per_cell: dict[str, int] = {}
        for row in rows:
            if row.pk in created:
                per_cell[row.region_code] = per_cell.get(row.region_code, 0) + 1
        for cell, count in per_cell.items():
            audit_record(
                actor=actor,
                action="households_create",
                target_kind="region",
                target_id=cell,
                region=cell,
                detail={"count": count},
            )
    return created


def _row(item: HouseholdInput, created_at: Any) -> Household:
    row = Household(id=item.id, region_code=item.region_code, created_at=created_at)
    _fill(row, item)
    put_head(row, item.head_name)
    put_phone(row, item.phone)
    return row


def _fill(row: Household, item: HouseholdInput) -> None:
    for field in ("address", "building", "unit", "door"):
        setattr(row, field, getattr(item, field).strip())
    row.floor, row.headcount, row.occupancy, row.care = item.floor, item.headcount, item.occupancy, list(item.care)
    row.sort_key = walking_key(row.address, row.building, row.unit, row.floor, row.door)
    row.search_text = search_text(row.address, row.building, row.unit, row.door)


def household_create(*, item: HouseholdInput, actor: Any | None) -> Household:
    """Store one household, as the office does. Raises UNKNOWN_REGION outside `actor`'s scope, ID_REUSED."""
    _actor_must_cover(actor, item.region_code)
    if item.id not in households_create(items=[item], actor=actor):
        raise ApiError(ErrorCode.ID_REUSED, field="household")
    return Household.objects.get(pk=item.id)


def _actor_must_cover(actor: Any | None, code: str) -> None:
    if actor is not None and not actor.scope(Capability.HOUSEHOLD_EDIT).covers(code):
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="region")


def household_locked(actor: Any | None, household_id: uuid.UUID) -> Household:
    """The open household, locked for change, if `actor` may change it. Raises UNKNOWN_HOUSEHOLD."""
    rows = Household.objects.open()
    if actor is not None:
        rows = rows.visible_to(actor, Capability.HOUSEHOLD_EDIT)
    household = rows.select_for_update(no_key=True).filter(pk=household_id).first()
    if household is None:
        raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")
    return household


@transaction.atomic
def household_update(
    *, household_id: uuid.UUID, base_version: int, changes: Mapping[str, Any], actor: Any | None
) -> Household:
    """Apply `changes` (fields of `EDITABLE`) that were made on top of `base_version`, merged field by field.

    None empties a field, an empty value says nothing. Raises UNKNOWN_HOUSEHOLD, what `edit_merge` raises (nothing is
    written then), and the codes of `household_problem`.
    """
    household = household_locked(actor, household_id)
    current = _input_of(household)
    differing = edit_merge(
        current={field: getattr(current, field) for field in EDITABLE}, changes=changes, base_version=base_version,
        version=household.version, marks=household.field_marks, empty=_EMPTY, shown=_SHOWN,
    )  # fmt: skip
    _apply(household, current, differing, actor=actor)
    return household


@transaction.atomic
def household_merge(*, household_id: uuid.UUID, edit: LateEdit, actor: Any | None) -> tuple[Household, list[Clash]]:
    """As `household_update`, but what clashes is left as it stands and handed back, and the rest is applied.

    The caller has made sure that `actor` may edit it, or might when he wrote. Raises UNKNOWN_HOUSEHOLD, TARGET_GONE
    when it was taken out of use, MISSING_FIELD, and the codes of `household_problem`; nothing is written then.
    """
    household = Household.objects.select_for_update(no_key=True).filter(pk=household_id).first()
    if household is None:
        raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")
    if household.closed_at is not None:
        raise ApiError(ErrorCode.TARGET_GONE, field="household")
    current = _input_of(household)
    differing, clashes = edit_part(
        current={field: getattr(current, field) for field in EDITABLE}, edit=edit, version=household.version,
        marks=household.field_marks, empty=_EMPTY, shown=_SHOWN,
    )  # fmt: skip
    _apply(household, current, differing, actor=actor, origin=edit.origin)
    return household, clashes


def _apply(
    household: Household,
    current: HouseholdInput,
    differing: Mapping[str, Any],
    *,
    actor: Any | None,
    origin: EditOrigin | None = None,
) -> None:
    if not differing:
        return
    wanted = replace(current, **differing)
    if problem := household_problem(wanted, demo=settings.DEMO_MODE):
        raise ApiError(problem[0], field=problem[1])
    _fill(household, wanted)
    if "head_name" in differing:
        put_head(household, wanted.head_name)
    if "phone" in differing:
        put_phone(household, wanted.phone)
    edit_mark(household, differing, actor=actor, origin=origin)
    household.save()
    _audit(actor, "household_update", household, {"fields": sorted(differing), "version": household.version})


def _input_of(household: Household) -> HouseholdInput:
    return HouseholdInput(
        id=household.pk,
        region_code=household.region_code,
        address=household.address,
        head_name=opened(household, household.head_sealed, HEAD),
        building=household.building,
        unit=household.unit,
        floor=household.floor,
        door=household.door,
        headcount=household.headcount,
        phone=opened(household, household.phone_sealed, HOUSEHOLD_PHONE),
        occupancy=household.occupancy,
        care=tuple(household.care),
    )


@transaction.atomic
def household_move(*, household_id: uuid.UUID, to_region: str, actor: Any | None) -> Household:
    """Give the household, and the people who live in it, to another cell.

    Both cells must lie in `actor`'s scope: a move across a border is made by the office above both. The old cell keeps
    a tombstone; records that phones of the old cell still hold are accepted and routed. A hand-over that was offered
    is void. Raises UNKNOWN_HOUSEHOLD, UNKNOWN_REGION.
    """
    cells_hold({to_region})
    household = household_locked(actor, household_id)
    _actor_must_cover(actor, to_region)
    cells_must_stay({to_region})
    if household.region_code == to_region:
        return household
    handovers_void(household_ids=[household.pk], actor=actor)
    household_give(household, to_region, actor=actor)
    return household


def household_give(household: Household, to_region: str, *, actor: Any | None) -> None:
    """Make `to_region`, another cell in use, responsible for the locked household and who lives there."""
    old = household.region_code
    moment = clock.now()
    _end_tenure(household, moment)
    HouseholdTenure.objects.create(household=household, region_code=to_region, valid_from=moment)
    household.previous_codes = [code for code in household.previous_codes if code != old] + [old]
    household.region_code = to_region
    household.version += 1
    household.save(update_fields=["previous_codes", "region_code", "version"])
    people = list(Person.objects.select_for_update(no_key=True).filter(household=household, region_code=old))
    for person in people:
        hand_over(person, to_region)
    Person.objects.bulk_update(people, ["previous_codes", "region_code", "version"])
    Tombstone.objects.bulk_create(
        [Tombstone(kind="household", object_id=str(household.pk), region_code=old)]
        + [Tombstone(kind="person", object_id=str(person.pk), region_code=old) for person in people]
    )
    announce_moved(Move(old, to_region, actor, (household.pk,), tuple(person.pk for person in people)))
    _audit(actor, "household_move", household, {"from": old, "to": to_region, "people": len(people)})


def hand_over(person: Person, to_region: str) -> None:
    """Make `to_region` responsible for `person`, unsaved; the cell before stays known."""
    person.previous_codes = [code for code in person.previous_codes if code != person.region_code]
    person.previous_codes.append(person.region_code)
    person.region_code = to_region
    person.version += 1


@transaction.atomic
def household_close(*, household_id: uuid.UUID, actor: Any | None) -> Household:
    """Take a household out of use (注销): torn down, merged, entered twice. Its records stay. Raises UNKNOWN_HOUSEHOLD,
    WRONG_STATE while people on record live in it."""
    household = household_locked(actor, household_id)
    if Person.objects.filter(household=household).exists():
        raise ApiError(ErrorCode.WRONG_STATE, field="household")
    handovers_void(household_ids=[household.pk], actor=actor)
    moment = clock.now()
    _end_tenure(household, moment)
    household.closed_at = moment
    household.version += 1
    household.save(update_fields=["closed_at", "version"])
    Tombstone.objects.create(kind="household", object_id=str(household.pk), region_code=household.region_code)
    _audit(actor, "household_close", household, {})
    return household


@transaction.atomic
def household_reopen(*, household_id: uuid.UUID, actor: Any | None) -> Household:
    """Take a closed household back into use (恢复在册), in the cell in which it was closed.

    Raises UNKNOWN_HOUSEHOLD, WRONG_STATE when it is open, UNKNOWN_REGION when its cell is no longer in use.
    """
    rows = Household.objects.all()
    if actor is not None:
        rows = rows.visible_to(actor, Capability.HOUSEHOLD_EDIT)
    household = rows.select_for_update(no_key=True).filter(pk=household_id).first()
    if household is None:
        raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")
    if household.closed_at is None:
        raise ApiError(ErrorCode.WRONG_STATE, field="household")
    cells_must_stay({household.region_code})
    # Business time may have been moved back in a demo: tenures never overlap.
    moment = max(clock.now(), household.closed_at)
    HouseholdTenure.objects.create(household=household, region_code=household.region_code, valid_from=moment)
    household.closed_at = None
    household.version += 1
    household.save(update_fields=["closed_at", "version"])
    _audit(actor, "household_reopen", household, {})
    return household


def _end_tenure(household: Household, moment: Any) -> None:
    running = HouseholdTenure.objects.select_for_update(no_key=True).get(household=household, valid_to=None)
    # Business time may have been moved back in a demo: a tenure never ends before it began.
    running.valid_to = max(moment, running.valid_from)
    running.save(update_fields=["valid_to"])


def _audit(actor: Any | None, action: str, household: Household, detail: dict[str, Any]) -> None:
    audit_record(
        actor=actor,
        action=action,
        target_kind="household",
        target_id=household.pk,
        region=household.region_code,
        detail=detail,
    )
