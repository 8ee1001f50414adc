"""What becomes of an open hand-over when its household or person goes another way (移交作废)."""

import uuid
from collections.abc import Collection
from typing import Any

from django.db.models import Q

from backend.audit.services import audit_record
from backend.core import clock
from backend.residents.choices import HandOverState
from backend.residents.listeners import announce_settled
from backend.residents.models import HandOver


def handovers_void(
    *, household_ids: Collection[uuid.UUID] = (), person_ids: Collection[uuid.UUID] = (), actor: Any | None
) -> None:
    """Close what is offered of these: they were moved, or taken out of use, without it.

    Runs in the transaction of the move, whose locks on the rows come first. One query when nothing is offered.
    """
    _void(Q(household_id__in=household_ids) | Q(person_id__in=person_ids), actor)


def handovers_follow_cell(*, code: str, successor: str, actor: Any | None) -> None:
    """What others have offered to cell `code` is offered to its `successor` from now on; what that one offered is void.

    Runs in the transaction of the merger.
    """
    _void(Q(to_region=code, from_region=successor), actor)
    HandOver.objects.filter(to_region=code, state=HandOverState.OFFERED).update(to_region=successor)


def _void(about: Q, actor: Any | None) -> None:
    offered = list(
        HandOver.objects.select_for_update(no_key=True)
        .filter(about, state=HandOverState.OFFERED)
        .order_by("pk")
    )  # fmt: skip
    if not offered:
        return
    now = clock.now()
    for row in offered:
        row.state = HandOverState.VOID.value
        row.answered_at = row.answer_received_at = now
        audit_record(
            actor=actor, action="handover_void", target_kind="handover", target_id=row.pk, region=row.from_region,
            detail={"state": row.state},
        )  # fmt: skip
    HandOver.objects.bulk_update(offered, ["state", "answered_at", "answer_received_at"])
    announce_settled([row.pk for row in offered])
