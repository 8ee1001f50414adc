"""Splitting and merging grid cells (网格拆分、合并): sets of households change hands. Duty A1. See docs/regions.md.

What a move of one household does (`household_move`) is done here to many, in a number of statements that does not grow
with them. Each is undone by the other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from backend.accounts.choices import Capability
from backend.accounts.services import duties_follow_cell
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.models import Tombstone
from backend.regions.models import Region
from backend.regions.services import CellInput, cell_close, cell_create, cells_locked
from backend.residents.listeners import Move, announce_moved
from backend.residents.selectors import CellPart, part_of
from backend.residents.services.voiding import handovers_follow_cell, handovers_void

# The cell before stays known: records that phones made there still find their way.
_GIVE = """
    UPDATE {table} SET previous_codes = array_append(array_remove(previous_codes, %(old)s), %(old)s),
        region_code = %(new)s, version = version + 1
    WHERE id = ANY(%(ids)s)
"""
_GIVE_HOUSEHOLDS = _GIVE.format(table="residents_household")
_GIVE_PEOPLE = _GIVE.format(table="residents_person")
# Business time may have been moved back in a demo: a tenure never ends before it began.
_END_TENURES = """
    UPDATE residents_householdtenure SET valid_to = greatest(%(now)s, valid_from)
    WHERE household_id = ANY(%(open)s) AND valid_to IS NULL
"""
_BEGIN_TENURES = """
    INSERT INTO residents_householdtenure (household_id, region_code, valid_from)
    SELECT unnest(%(open)s::uuid[]), %(new)s, %(now)s
"""


@dataclass(frozen=True)
class Reshaped:
    """What came of it: the cell that the households lie in now, and how many households and people were given to it."""

    cell: Region
    households: int
    people: int


@transaction.atomic
def cell_split(
    *, code: str, item: CellInput, groups: Collection[str], expected: int | None, actor: Any | None
) -> Reshaped:
    """Make a new cell of part of cell `code`: the households of `groups` (keys of `cell_groups`) and who lives there.

    `expected`: how many households whoever does this believes it to be. Nobody serves in the new cell until somebody is
    given the duty. Raises WRONG_STATE (field `expected`, saying what would go along) when it is another number, or
    none; MISSING_FIELD (`groups`) when nothing is in them; what `cell_create` raises; NOT_FOUND.
    """
    cells_locked(actor, code)
    _may_edit_households(actor, code)
    part = part_of(code, groups=set(groups), lock=True)
    if not part.households:
        raise ApiError(ErrorCode.MISSING_FIELD, field="groups", message="请选择要转到新网格的楼栋或地址。")
    _must_be_expected(part, expected)
    cell = cell_create(actor=actor, item=item)
    _may_edit_households(actor, cell.code)
    _give(part, code, cell.code, actor=actor)
    _audit(actor, "cell_split", code, cell.code, part)
    return Reshaped(cell, len(part.open), len(part.people))


@transaction.atomic
def cells_merge(*, code: str, into: str, expected: int | None, keep_duties: bool, actor: Any | None) -> Reshaped:
    """Give everything of cell `code` to cell `into`, which takes it over, and close `code` after today.

    With `keep_duties` those who serve in `code` go on in `into`; else their duties end. Registrations that phones still
    hold for `code` are filed under `into`. Raises WRONG_STATE (field `expected`) as `cell_split`, BAD_FIELD (`region`)
    for a cell and itself, NOT_FOUND, and what granting and revoking duties raises.
    """
    if code == into:
        raise ApiError(ErrorCode.BAD_FIELD, field="region", message="请选择另一个网格。")
    cell = cells_locked(actor, code, into)[into]
    for each in (code, into):
        _may_edit_households(actor, each)
    part = part_of(code, lock=True)
    _must_be_expected(part, expected)
    _give(part, code, into, actor=actor)
    handovers_follow_cell(code=code, successor=into, actor=actor)
    # Named before the duties: whoever serves in `into` sees from now on what was recorded under `code`.
    Region.objects.filter(code=code).update(successor_code=into)
    duties_follow_cell(actor=actor, code=code, successor=into, keep=keep_duties)
    cell_close(actor=actor, code=code, successor=into)
    _audit(actor, "cells_merge", code, into, part)
    return Reshaped(cell, len(part.open), len(part.people))


def _may_edit_households(actor: Any | None, code: str) -> None:
    if actor is not None and not actor.scope(Capability.HOUSEHOLD_EDIT).covers(code):
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="region")


def _must_be_expected(part: CellPart, expected: int | None) -> None:
    if expected != len(part.open):
        sentence = f"将转出 {'、'.join(part.words())}。核对无误后，请在这里填写户数 {len(part.open)}，再提交一次。"
        raise ApiError(ErrorCode.WRONG_STATE, field="expected", message=sentence)


def _give(part: CellPart, old: str, new: str, *, actor: Any | None) -> None:
    """Households, their tenures and people, in the caller's transaction; then whatever follows them.

    What was offered to another cell out of this one is void, as with any other move.
    """
    handovers_void(household_ids=part.households, person_ids=part.people, actor=actor)
    common: dict[str, Any] = {"old": old, "new": new, "now": clock.now(), "open": part.open}
    with connection.cursor() as cursor:
        cursor.execute(_END_TENURES, common)
        cursor.execute(_BEGIN_TENURES, common)
        cursor.execute(_GIVE_HOUSEHOLDS, {**common, "ids": part.households})
        cursor.execute(_GIVE_PEOPLE, {**common, "ids": part.people})
    Tombstone.objects.bulk_create(
        [Tombstone(kind="household", object_id=str(each), region_code=old) for each in part.open]
        + [Tombstone(kind="person", object_id=str(each), region_code=old) for each in part.people]
    )
    announce_moved(Move(old, new, actor, tuple(part.households), tuple(part.people)))


def _audit(actor: Any | None, action: str, old: str, new: str, part: CellPart) -> None:
    audit_record(
        actor=actor, action=action, target_kind="region", target_id=new, region=new,
        detail={"from": old, "to": new, "count": len(part.open), "people": len(part.people)},
    )  # fmt: skip
