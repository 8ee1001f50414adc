"""Edits in an upload, choices between two of them, and hand-overs: in the server's order. See docs/edits.md.

They are applied record by record in one fixed order of records, each record's edits in the order of the batch: two
uploads that edit the same records cannot wait for each other in a ring.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction

from backend.accounts.models import User
from backend.core.errors import ApiError, ErrorCode
from backend.facts.choices import Verdict
from backend.facts.models import SyncItem
from backend.residents.models import HandOver
from backend.residents.rules import EditOrigin
from backend.residents.services import LateEdit, households_lock
from backend.sync.choices import ConflictState, EditKind
from backend.sync.conflicts import conflict_choose, conflict_open
from backend.sync.edits import GONE, changes_of, edit_apply, wire_name
from backend.sync.handing import hand, reroute
from backend.sync.intake import Incoming
from backend.sync.shapes import ConflictChoiceBody, EditBody, HandoverAnswerBody
from backend.sync.storing import send_back


def store_edits(items: Sequence[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
    """Apply the edits, choices and hand-overs just claimed, in the caller's transaction; the refused are rejected."""
    mine = [item for item in items if item.verdict is Verdict.CREATED and item.target is not None]
    _lock_what_moves(mine)
    accepted: list[HandOver] = []
    for item in sorted(mine, key=lambda item: item.target or ("", uuid.UUID(int=0))):
        origin = EditOrigin(device, user.pk, item.seq)
        if isinstance(item.body, EditBody):
            _edit(item, item.body, user=user, origin=origin, received_at=received_at)
        elif isinstance(item.body, ConflictChoiceBody):
            _choose(item, item.body, user=user, origin=origin)
        elif (taken := hand(item, user=user, received_at=received_at)) is not None:
            accepted.append(taken)
    if accepted:
        reroute(items, accepted)


def _lock_what_moves(items: Sequence[Incoming]) -> None:
    """What is accepted takes the people of a household along: they are locked before anything is written."""
    if not any(isinstance(item.body, HandoverAnswerBody) for item in items):
        return
    targets = {item.target for item in items if item.target}
    households_lock(
        household_ids={target for kind, target in targets if kind == EditKind.HOUSEHOLD},
        person_ids={target for kind, target in targets if kind == EditKind.PERSON},
    )


def _edit(item: Incoming, body: EditBody, *, user: User, origin: EditOrigin, received_at: dt.datetime) -> None:
    """Merge one edit in a savepoint: what the record's service refuses is sent back, and spoils nothing else."""
    assert item.id is not None
    kind = EditKind(item.kind)
    edit = LateEdit(body.version, changes_of(kind, body.changes), origin)
    try:
        with transaction.atomic():
            row, clashes = edit_apply(kind=kind, target=body.target, edit=edit, actor=user)
            if clashes:
                conflict_open(
                    id=item.id, kind=kind, target=row.pk, region_code=row.region_code, place=item.place, author=user,
                    device_id=origin.device, made_at=item.placed.corrected_at, received_at=received_at,
                    clashes=clashes, record_version=row.version,
                )  # fmt: skip
    except ApiError as error:
        send_back(item, error.code, _path(kind, error))
        return
    if clashes:
        SyncItem.objects.filter(pk=item.id).update(
            verdict=Verdict.CONFLICT, code=ErrorCode.EDITED_ELSEWHERE.code
        )  # fmt: skip
        item.clash()


def _path(kind: EditKind, error: ApiError) -> str | None:
    """Where in the body the refused value stands."""
    if error.code in GONE[kind]:
        return f"body.{kind.value.removesuffix('_edit')}"
    return f"body.changes.{wire_name(kind, error.field)}" if error.field else None


def _choose(item: Incoming, body: ConflictChoiceBody, *, user: User, origin: EditOrigin) -> None:
    try:
        state = conflict_choose(
            conflict_id=body.conflict, seen=body.version, choices=body.choices, actor=user, origin=origin
        )
    except ApiError as error:
        send_back(item, error.code, f"body.{error.field}" if error.field else "body.conflict")
        return
    if state is ConflictState.VOID:
        send_back(item, ErrorCode.TARGET_GONE, "body.conflict")
    elif state is ConflictState.OPEN:
        send_back(item, ErrorCode.EDITED_AGAIN, "body.version")
