"""What an edit on the wire means to the services that own the record: names of fields, who merges, what is gone."""

import uuid
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict

from backend.accounts.choices import Capability
from backend.core.errors import ApiError, ErrorCode
from backend.residents.services import Clash, LateEdit, household_merge, person_merge
from backend.returnees.services import returnee_merge
from backend.sync.choices import EditKind
from backend.sync.shapes import Changes, HouseholdChanges, PersonChanges, ReturneeChanges

CHANGES: dict[EditKind, type[Changes]] = {
    EditKind.HOUSEHOLD: HouseholdChanges, EditKind.PERSON: PersonChanges, EditKind.RETURNEE: ReturneeChanges,
}  # fmt: skip
#: Who may edit, and therefore choose.
MAY_EDIT: dict[EditKind, Capability] = {
    EditKind.HOUSEHOLD: Capability.HOUSEHOLD_EDIT, EditKind.PERSON: Capability.HOUSEHOLD_EDIT,
    EditKind.RETURNEE: Capability.RETURNEE_REGISTER,
}  # fmt: skip
#: What a service says of a record that is no longer there.
GONE: dict[EditKind, frozenset[ErrorCode]] = {
    EditKind.HOUSEHOLD: frozenset({ErrorCode.UNKNOWN_HOUSEHOLD, ErrorCode.TARGET_GONE}),
    EditKind.PERSON: frozenset({ErrorCode.UNKNOWN_PERSON}),
    EditKind.RETURNEE: frozenset({ErrorCode.UNKNOWN_RETURNEE}),
}
#: Name on the wire → name in the service, where the two differ.
_NAMES: dict[EditKind, dict[str, str]] = {
    EditKind.HOUSEHOLD: {},
    EditKind.PERSON: {"household": "household_id", "purpose": "purposes"},
    EditKind.RETURNEE: {"origin": "origin_code"},
}
#: Fields that hold what may identify somebody; they leave the server masked.
PERSONAL = frozenset({"head_name", "name", "phone", "document_number"})


def changes_of(kind: EditKind, changes: Changes) -> dict[str, Any]:
    """The fields that were named, as the service calls them."""
    names = _NAMES[kind]
    return {names.get(name, name): value for name, value in asdict(changes).items() if value is not UNSET}


def wire_name(kind: EditKind, field: str) -> str:
    """A service's field as the wire calls it."""
    return next((name for name, inner in _NAMES[kind].items() if inner == field), field)


def edit_apply(*, kind: EditKind, target: uuid.UUID, edit: LateEdit, actor: Any) -> tuple[Any, list[Clash]]:
    """Merge `edit` into the record: `(its row, what clashed)`. Raises what the record's own service raises.

    The row may be another than the one asked for: an alias means a person, a return goes on in another row.
    """
    if kind is EditKind.HOUSEHOLD:
        return household_merge(household_id=target, edit=edit, actor=actor)
    if kind is EditKind.PERSON:
        return person_merge(person_id=target, edit=edit, actor=actor)
    return returnee_merge(returnee_id=target, edit=edit, actor=actor)


def record_locked(*, kind: EditKind, target: uuid.UUID, actor: Any) -> Any | None:
    """The record's row, locked until the transaction ends; None when it is no longer there."""
    try:
        row, _ = edit_apply(kind=kind, target=target, edit=LateEdit(None, {}), actor=actor)
    except ApiError as error:
        if error.code not in GONE[kind]:
            raise
        return None
    return row
