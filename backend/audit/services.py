"""Writing the audit trail and sealing it day by day. See docs/audit.md."""

import datetime as dt
import hashlib
import json
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from backend.audit.models import AuditEntry, AuditSeal
from backend.core.clock import SHANGHAI
from backend.core.sql import execute

SYSTEM = "系统"

_RECORD = """
INSERT INTO audit_auditentry (at, actor_id, actor_name, action, target_kind, target_id, region_code, detail)
VALUES (%(at)s, %(actor)s, %(name)s, %(action)s, %(kind)s, %(target)s, %(region)s, %(detail)s)
"""


def audit_record(
    *,
    actor: Any | None,
    action: str,
    target_kind: str,
    target_id: object,
    region: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down one act in the running transaction. `actor` is a user, or None for the system itself.

    `detail` holds plain, impersonal values: counts, states, field names; never names, numbers, phones or notes.
    """
    execute(
        _RECORD,
        {
            "at": timezone.now(), "actor": getattr(actor, "pk", None),
            "name": getattr(actor, "username", None) or SYSTEM, "action": action, "kind": target_kind,
            "target": str(target_id), "region": region, "detail": msgspec.json.encode(detail or {}).decode(),
        },
    )  # fmt: skip


def day_digest(day: dt.date, previous: str) -> tuple[int, str]:
    """`(number of entries, hex digest)` of the entries stamped on `day` (Asia/Shanghai), chained to `previous`."""
    start = dt.datetime.combine(day, dt.time(), tzinfo=SHANGHAI)
    rows = AuditEntry.objects.filter(at__gte=start, at__lt=start + dt.timedelta(days=1)).order_by("id")
    digest = hashlib.sha256(previous.encode())
    count = 0
    for row in rows.iterator(chunk_size=2000):
        line = [
            row.pk,
            row.at.isoformat(),
            row.actor_id,
            row.actor_name,
            row.action,
            row.target_kind,
            row.target_id,
            row.region_code,
            row.detail,
        ]
        digest.update(json.dumps(line, ensure_ascii=False, sort_keys=True).encode())
        count += 1
    return count, digest.hexdigest()


def audit_seal(*, until: dt.date) -> int:
    """Seal every day before `until` that has entries and no seal yet. Returns the number of days sealed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('audit_seal'))")
    last = AuditSeal.objects.order_by("-day").first()
    first_entry = AuditEntry.objects.order_by("at").values_list("at", flat=True).first()
    if first_entry is None:
        return 0
    day = last.day + dt.timedelta(days=1) if last else first_entry.astimezone(SHANGHAI).date()
    previous = last.digest if last else ""
    sealed = 0
    while day < until:
        count, previous = day_digest(day, previous)
        AuditSeal.objects.create(day=day, entries=count, digest=previous, sealed_at=timezone.now())
        sealed += 1
        day += dt.timedelta(days=1)
    return sealed


def audit_verify() -> list[dt.date]:
    """The sealed days whose entries no longer match their digest; empty when nothing was tampered with."""
    broken = []
    previous = ""
    for seal in AuditSeal.objects.order_by("day"):
        count, digest = day_digest(seal.day, previous)
        if (count, digest) != (seal.entries, seal.digest):
            broken.append(seal.day)
        previous = seal.digest
    return broken
