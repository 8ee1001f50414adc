"""Confirming a unit's day (确认上报、确认零报告). Duty E1, E2. See docs/reports.md."""

import datetime as dt
from typing import Any

from django.db import connection, transaction

from backend.audit.services import audit_record
from backend.core import clock, keyring
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.facts.services import cells_touch
from backend.regions.models import Region
from backend.reports.choices import Confirm
from backend.reports.cutoffs import PROVINCE_DIGITS, window_of
from backend.reports.indicators import events_in
from backend.reports.models import Confirmation, DailyReport
from backend.reports.services.closing import day_advance

# A close of a whole province may hold the day; whoever taps waits this long, then is asked to try again.
_WAIT = "10s"


def report_submit(*, actor: Any, region: Region, day: dt.date, confirm: Confirm, note: str = "") -> None:
    """Stand up for `region`'s `day`. Saying the same again is success and writes nothing.

    Raises `wrong_state` where no cell is in use, `too_early`, `already_closed` once the level above has added it up,
    and `zero_contradicted` with the figures that speak against a zero.
    """
    if day > clock.today():
        raise ApiError(ErrorCode.TOO_EARLY)
    province = region.code[:PROVINCE_DIGITS]
    window = window_of(region.code, region.parent_code, day)
    now = clock.now()
    if now < window.opens:
        raise ApiError(
            ErrorCode.TOO_EARLY,
            detail={"opens": window.opens.isoformat()},
            message=f"{window.opens:%m月%d日 %H:%M} 以后才能确认这一天的日报。",
        )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_WAIT])
        day_advance(province=province, day=day, wait=True)
        report = DailyReport.objects.filter(region_code=region.code, business_day=day).first()
        if report is None:
            raise ApiError(ErrorCode.WRONG_STATE, message="这个区划还没有启用网格，不需要上报。")
        contradicting = events_in(report.figures)
        if confirm is Confirm.ZERO and contradicting and now < window.ends:
            raise ApiError(ErrorCode.ZERO_CONTRADICTED, detail={"figures": contradicting})
        latest = Confirmation.objects.filter(region_code=region.code, business_day=day).order_by("-at", "-id").first()
        if latest is not None and latest.confirm == confirm:
            return
        if now >= window.ends:
            raise ApiError(ErrorCode.ALREADY_CLOSED, detail={"closed_at": window.ends.isoformat()})
        row = Confirmation(
            id=new_id(), region_code=region.code, business_day=day, confirm=confirm.value, at=now,
            author_id=actor.pk, author_name=actor.display_name or actor.username,
        )  # fmt: skip
        if note:
            row.note_sealed = keyring.seal(note, row=row.id, column="confirmation.note")
        _store(actor, row)
        day_advance(province=province, day=day, wait=True)


def _store(actor: Any, row: Confirmation) -> None:
    row.save(force_insert=True)
    cells_touch(touched=[(row.business_day, row.region_code)])
    audit_record(
        actor=actor,
        action="report.confirm",
        target_kind="daily_report",
        target_id=f"{row.region_code}-{row.business_day:%Y%m%d}",
        region=row.region_code,
        detail={"confirm": row.confirm},
    )
