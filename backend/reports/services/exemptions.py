"""Granting and revoking exemptions (免报). Duty E1."""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from backend.accounts.choices import Capability
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.facts.services import cells_touch
from backend.regions.choices import Level
from backend.regions.models import Region
from backend.reports.models import Exemption

#: An exemption is for weeks, not for ever: a unit that no longer works is taken out of the tree instead.
MAX_DAYS = 92


@transaction.atomic
def exemption_grant(*, actor: Any, region_code: str, from_day: dt.date, to_day: dt.date, reason: str) -> Exemption:
    """Expect nothing of a region below `actor`'s from `from_day` to `to_day`; today at the earliest, with a reason.

    A day that closed is not rewritten: silence in the past stays what it was. Raises `not_found`, `bad_field`.
    """
    if not actor.scope(Capability.REPORT_SUBMIT).covers(region_code):
        raise ApiError(ErrorCode.NOT_FOUND, field="region_code")
    if not Region.objects.real().filter(pk=region_code).exists():
        raise ApiError(ErrorCode.NOT_FOUND, field="region_code")
    if from_day < clock.today():
        raise ApiError(ErrorCode.BAD_FIELD, field="from_day", message="免报不能从过去的日期开始。")
    if not from_day <= to_day <= from_day + dt.timedelta(days=MAX_DAYS - 1):
        raise ApiError(ErrorCode.BAD_FIELD, field="to_day", message=f"免报最长 {MAX_DAYS} 天。")
    if not reason.strip():
        raise ApiError(ErrorCode.MISSING_FIELD, field="reason", message="请填写免报原因。")
    exemption = Exemption.objects.create(
        region_code=region_code, from_day=from_day, to_day=to_day, reason=reason.strip()[:120],
        granted_at=clock.now(), granted_by_name=actor.display_name or actor.username,
    )  # fmt: skip
    _announce(exemption, actor, "report.exempt")
    return exemption


@transaction.atomic
def exemption_revoke(*, actor: Any, exemption_id: uuid.UUID) -> Exemption:
    """Expect reports again from now on. Revoking twice is success."""
    exemption = Exemption.objects.visible_to(actor, Capability.REPORT_SUBMIT).select_for_update().filter(
        pk=exemption_id
    ).first()  # fmt: skip
    if exemption is None:
        raise ApiError(ErrorCode.NOT_FOUND)
    if exemption.revoked_at is None:
        exemption.revoked_at = clock.now()
        exemption.save(update_fields=["revoked_at"])
        _announce(exemption, actor, "report.exempt_end")
    return exemption


def _announce(exemption: Exemption, actor: Any, action: str) -> None:
    """Audit, and have the open day of every cell below counted again."""
    audit_record(
        actor=actor, action=action, target_kind="exemption", target_id=exemption.pk, region=exemption.region_code,
        detail={"from": exemption.from_day.isoformat(), "to": exemption.to_day.isoformat()},
    )  # fmt: skip
    today = clock.today()
    if exemption.from_day <= today <= exemption.to_day:
        cells = Region.objects.filter(level=Level.GRID, code__startswith=exemption.region_code)
        cells_touch(touched=[(today, code) for code in cells.values_list("code", flat=True)])
