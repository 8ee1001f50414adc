"""Hand-overs that nobody answers in time become alerts where they were offered; an answer closes them (移交超时).

See docs/hand-over.md, "The clock".
"""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from backend.alerts.choices import CloseReason
from backend.alerts.models import Alert
from backend.alerts.rules import HANDOVER_CONCERN, Finding
from backend.alerts.services.following import alerts_answer
from backend.alerts.services.raising import alerts_evaluate
from backend.core import clock
from backend.residents.choices import HandOverState
from backend.residents.models import HandOver

_CONCERN = Concat(Value(HANDOVER_CONCERN), Cast(OuterRef("pk"), CharField()))


@transaction.atomic
def handovers_overdue_evaluate() -> int:
    """Raise an alert for each hand-over past its time, once, at the cell or village asked. Returns how many.

    A hand-over that is being answered at this moment is left to the next tick: its answer would look for the alert
    before there is one.
    """
    now = clock.now()
    told = Alert.objects.filter(concern=_CONCERN)
    overdue = (
        HandOver.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(~Exists(told), state=HandOverState.OFFERED, due_at__lt=now)
        .order_by("due_at", "pk")
    )
    findings = [
        Finding(
            kind="handover_overdue", region_code=row.to_region, place=row.place,
            business_day=clock.business_day(row.due_at), observed_at=row.due_at, source_id=row.pk,
        )
        for row in overdue
    ]  # fmt: skip
    return len(alerts_evaluate(findings=findings)) if findings else 0


def handovers_settled(handovers: Sequence[uuid.UUID]) -> None:
    """Close the alerts about hand-overs that were answered or became void, in the transaction of the answer."""
    about = Alert.objects.unfinished().filter(concern__in=[f"{HANDOVER_CONCERN}{each}" for each in handovers])
    alerts_answer(alert_ids=list(about.values_list("pk", flat=True)), reason=CloseReason.SETTLED)
