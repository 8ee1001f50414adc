"""Reads of the audit trail for rules that count what somebody has done."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from backend.audit.models import AuditEntry


def targets_since(*, actor: Any, actions: Collection[str], since: dt.datetime) -> set[str]:
    """Ids of what `actor` has done one of `actions` to from `since` on."""
    entries = AuditEntry.objects.filter(actor_id=actor.pk, at__gte=since, action__in=actions)
    return set(entries.values_list("target_id", flat=True).distinct())
