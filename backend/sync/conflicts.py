"""Two people changed one field (修改冲突): both values are kept until somebody chooses. See docs/edits.md.

What came first stands meanwhile. The values lie sealed and only as long as they are needed: with the choice they go.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.keyring import seal_bytes, unseal_bytes
from backend.core.models import Tombstone
from backend.facts.choices import Verdict
from backend.facts.models import SyncItem
from backend.residents.listeners import Move
from backend.residents.rules import EditOrigin, mask_name
from backend.residents.services import Clash, LateEdit, stated_purpose
from backend.returnees.models import Returnee
from backend.sync.choices import Choice, ConflictState, EditKind
from backend.sync.edits import CHANGES, PERSONAL, changes_of, edit_apply, record_locked, wire_name
from backend.sync.models import EditConflict

_COLUMN = "conflict.mine"


def conflict_open(
    *,
    id: uuid.UUID,
    kind: EditKind,
    target: uuid.UUID,
    region_code: str,
    place: str,
    author: User,
    device_id: uuid.UUID,
    made_at: dt.datetime,
    received_at: dt.datetime,
    clashes: Sequence[Clash],
    record_version: int,
) -> EditConflict:
    """Keep what could not be written, under the id of the item that brought it. One statement.

    `record_version` is that of the record whose values the clashes show.
    """
    mine = {wire_name(kind, clash.field): None if clash.sent in ("", (), []) else clash.sent for clash in clashes}
    return EditConflict.objects.create(
        id=id, kind=kind, target=target, region_code=region_code, place=place, author_id=author.pk,
        author_name=author.display_name, device_id=device_id, made_at=made_at, received_at=received_at,
        fields=_entries(kind, clashes), record_version=record_version,
        mine_sealed=seal_bytes(msgspec.json.encode(mine), row=id, column=_COLUMN),
    )  # fmt: skip


def _entries(kind: EditKind, clashes: Sequence[Clash]) -> list[dict[str, Any]]:
    """The clashes as they go to phones and to the office."""
    return [
        {
            "field": wire_name(kind, clash.field), "mine": clash.sent_shown, "theirs": clash.stored_shown,
            "theirs_by": clash.by, "theirs_at": clash.at,
        }
        for clash in clashes
    ]  # fmt: skip


@transaction.atomic
def conflict_choose(
    *, conflict_id: uuid.UUID, seen: int, choices: Mapping[str, str], actor: User, origin: EditOrigin | None = None
) -> ConflictState:
    """Settle a conflict: `choices` names for every field of it whose value stays, `mine` or `theirs`; `seen` is the
    version of the conflict that was chosen from.

    Returns CHOSEN; VOID when the record is no longer there; or OPEN when somebody has meanwhile changed what `mine`
    would replace: nothing is written then, and the conflict shows what stands now, to be chosen from anew. The caller
    has made sure that `actor` wrote it or may edit there. Raises UNKNOWN_CONFLICT; MISSING_FIELD, UNKNOWN_FIELD
    (`choices.<name>`); ALREADY_CHOSEN when somebody chose otherwise before; and what the record's service raises where
    a value can no longer be written, the conflict staying open.
    """
    found = EditConflict.objects.filter(pk=conflict_id).first()
    if found is None:
        raise ApiError(ErrorCode.UNKNOWN_CONFLICT, field="conflict")
    # The record first, then the conflict, as a move of the record does: neither waits for the other in a ring.
    kind = EditKind(found.kind)
    row = record_locked(kind=kind, target=found.target, actor=actor)
    conflict = EditConflict.objects.select_for_update(no_key=True).get(pk=conflict_id)
    if conflict.state == ConflictState.OPEN and row is None:
        _settle(conflict, ConflictState.VOID, {}, actor)
    if conflict.state == ConflictState.VOID:
        return ConflictState.VOID
    if seen >= conflict.version:
        _require_all(conflict, choices)
    if conflict.state == ConflictState.CHOSEN:
        if conflict.choices != dict(choices):
            raise ApiError(ErrorCode.ALREADY_CHOSEN, field="conflict")
        return ConflictState.CHOSEN
    if seen < conflict.version and Choice.MINE in choices.values():
        return ConflictState.OPEN
    assert row is not None
    mine = _mine(conflict)
    kept = {name: value for name, value in mine.items() if choices.get(name) == Choice.MINE}
    if _laid_over(conflict, LateEdit(conflict.record_version, _service_changes(kind, kept), origin), actor):
        # Field by field against whatever stands: what was changed to the very same meanwhile is no conflict any more.
        everything = LateEdit(0, _service_changes(kind, mine))
        _show_anew(conflict, _laid_over(conflict, everything, actor, keep=False), row.version)
        return ConflictState.OPEN
    _settle(conflict, ConflictState.CHOSEN, choices, actor)
    return ConflictState.CHOSEN


def _require_all(conflict: EditConflict, choices: Mapping[str, str]) -> None:
    names = [entry["field"] for entry in conflict.fields]
    if unknown := set(choices) - set(names):
        raise ApiError(ErrorCode.UNKNOWN_FIELD, field=f"choices.{min(unknown) if min(unknown).isidentifier() else '?'}")
    if missing := set(names) - set(choices):
        raise ApiError(ErrorCode.MISSING_FIELD, field=f"choices.{min(missing)}")


def _laid_over(conflict: EditConflict, edit: LateEdit, actor: User, *, keep: bool = True) -> list[Clash]:
    """What of `edit` clashes with what stands now; it is written only where nothing does, and with `keep`."""
    kind = EditKind(conflict.kind)
    try:
        with transaction.atomic():
            _, clashes = edit_apply(kind=kind, target=conflict.target, edit=edit, actor=actor)
            if clashes or not keep:
                transaction.set_rollback(True)
    except ApiError as error:
        field = f"choices.{wire_name(kind, error.field)}" if error.field else None
        raise ApiError(error.code, field=field) from error
    return clashes


def _show_anew(conflict: EditConflict, clashes: Sequence[Clash], record_version: int) -> None:
    """The conflict as it is now; phones pull it again, and are asked again."""
    conflict.fields = _entries(EditKind(conflict.kind), clashes)
    conflict.version += 1
    conflict.record_version = record_version
    conflict.save()


def _service_changes(kind: EditKind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by their names on the wire, as the record's service takes them."""
    return changes_of(kind, msgspec.convert(values, CHANGES[kind], strict=False))


def _mine(conflict: EditConflict) -> dict[str, Any]:
    assert conflict.mine_sealed is not None
    return msgspec.json.decode(unseal_bytes(conflict.mine_sealed, row=conflict.pk, column=_COLUMN), type=dict[str, Any])


def _settle(conflict: EditConflict, state: ConflictState, choices: Mapping[str, str], actor: User) -> None:
    """Close it: phones drop it, the values go, and its item counts as done wherever it is asked for again."""
    conflict.state, conflict.choices = state.value, dict(choices)
    conflict.chosen_by_id, conflict.chosen_by_name, conflict.chosen_at = actor.pk, actor.display_name, clock.now()
    conflict.mine_sealed = None
    conflict.save()
    Tombstone.objects.create(kind="conflict", object_id=str(conflict.pk), region_code=conflict.region_code)
    SyncItem.objects.filter(pk=conflict.pk).update(verdict=Verdict.CREATED, code="")
    audit_record(
        actor=actor, action="conflict_choose", target_kind="conflict", target_id=conflict.pk,
        region=conflict.region_code,
        detail={"state": state.value, "fields": sorted(n for n, kept in choices.items() if kept == Choice.MINE)},
    )  # fmt: skip


@transaction.atomic
def conflict_reveal(*, actor: User, conflict: EditConflict, purpose: str) -> dict[str, str]:
    """The names and numbers that came second, in the plain, for who must choose between masks that look alike; audited.

    The caller has found `conflict` in `actor`'s scope. Raises PURPOSE_REQUIRED, BAD_FIELD, FORBIDDEN, WRONG_STATE once
    the conflict is settled and the values are gone.
    """
    reason = stated_purpose(purpose)
    if not actor.has_capability(Capability.PERSON_REVEAL, conflict.region_code):
        raise ApiError(ErrorCode.FORBIDDEN)
    if conflict.mine_sealed is None:
        raise ApiError(ErrorCode.WRONG_STATE)
    values = {name: value or "" for name, value in _mine(conflict).items() if name in PERSONAL}
    for plain in filter(None, values.values()):
        reason = reason.replace(plain, mask_name(plain))
    audit_record(
        actor=actor, action="conflict_reveal", target_kind="conflict", target_id=conflict.pk,
        region=conflict.region_code, detail={"fields": sorted(values), "purpose": reason},
    )  # fmt: skip
    return values


def conflicts_follow(move: Move) -> None:
    """Open conflicts go along with the household, the person, and the returns of the person. Two queries and more
    only where there are any."""
    returns = Returnee.objects.filter(person_id__in=move.person_ids).values("pk")
    followers = list(
        EditConflict.objects.select_for_update(no_key=True)
        .filter(state=ConflictState.OPEN)
        .filter(
            Q(kind=EditKind.HOUSEHOLD, target__in=move.household_ids)
            | Q(kind=EditKind.PERSON, target__in=move.person_ids)
            | Q(kind=EditKind.RETURNEE, target__in=returns)
        )
        .order_by("pk")
    )
    if not followers:
        return
    Tombstone.objects.bulk_create(
        [Tombstone(kind="conflict", object_id=str(row.pk), region_code=row.region_code) for row in followers]
    )
    EditConflict.objects.filter(pk__in=[row.pk for row in followers]).update(region_code=move.to_region)
