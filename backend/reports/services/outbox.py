"""The file that goes up each day (上报文件): written when a province's day has closed, again for each correction.

CSV for people and JSON for programs, in `settings.OUTBOX_FOLDER`; columns are described in docs/reports.md. A file is a
pure function of the closed reports, so writing it again after a crash gives the same bytes under the same name.
"""

import csv
import datetime as dt
import hashlib
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from backend.core.scope import after
from backend.regions.choices import Level
from backend.regions.models import Region
from backend.reports.choices import FileFormat
from backend.reports.indicators import indicators, shown
from backend.reports.models import DailyReport, OutboxFile, ReportRevision

#: Levels that a file names; villages and cells stay in the province's own system.
LEVELS = (Level.PROVINCE, Level.PREFECTURE, Level.COUNTY, Level.TOWNSHIP)
FORMAT_VERSION = 1
#: Rows before the indicators: CSV header → key in the JSON.
COLUMNS = {
    "区划代码": "code", "名称": "name", "层级": "level", "上级代码": "parent", "业务日": "day", "版本": "revision",
    "状态": "state", "上报值": "value", "自动上报": "automatic", "迟报": "late", "已报网格": "reported",
    "应报网格": "expected",
}  # fmt: skip


def outbox_write() -> int:
    """Write the files of every closed province-day whose latest revision has none yet. Returns how many files."""
    written = 0
    for report in _pending():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('outbox'), hashtext(%s))", [report.pk])
            written += _write_day(report.region_code, report.business_day)
    return written


def _pending() -> list[DailyReport]:
    return list(
        DailyReport.objects.raw(
            "SELECT d.* FROM reports_reportday p JOIN reports_dailyreport d ON d.business_day = p.business_day "
            "AND d.region_code = p.province_code WHERE d.revision > 0 AND NOT EXISTS (SELECT FROM reports_outboxfile f "
            "WHERE f.region_code = d.region_code AND f.business_day = d.business_day AND f.revision = d.revision) "
            "ORDER BY d.business_day, d.region_code"
        )
    )


def _write_day(province: str, day: dt.date) -> int:
    """The files of the present revision; none when somebody else has just written them."""
    reports = list(
        DailyReport.objects.filter(
            business_day=day, region_code__gte=province, region_code__lt=after(province), level__in=LEVELS
        ).order_by("region_code")
    )
    top = next(report for report in reports if report.region_code == province)
    done = set(
        OutboxFile.objects.filter(region_code=province, business_day=day, revision=top.revision).values_list(
            "format", flat=True
        )
    )
    as_of = ReportRevision.objects.get(business_day=day, region_code=province, n=top.revision).as_of
    names = dict(Region.objects.filter(code__in=[r.region_code for r in reports]).values_list("code", "name"))
    rows = [_row(report, names.get(report.region_code, "")) for report in reports]
    contents = {FileFormat.CSV: _csv(rows), FileFormat.JSON: _json(province, day, top.revision, as_of, rows)}
    written = 0
    for file_format, content in contents.items():
        if file_format.value in done:
            continue
        name = f"daily-{province}-{day:%Y%m%d}-r{top.revision:03d}.{file_format.value}"
        _place(settings.OUTBOX_FOLDER / name, content)
        OutboxFile.objects.create(
            region_code=province, business_day=day, revision=top.revision, format=file_format.value, name=name,
            size=len(content), rows=len(rows), sha256=hashlib.sha256(content).hexdigest(), made_at=timezone.now(),
        )  # fmt: skip
        written += 1
    return written


def _row(report: DailyReport, name: str) -> dict[str, Any]:
    figures = shown(report.figures) if report.figures else dict.fromkeys(i.key for i in indicators())
    return {
        "code": report.region_code, "name": name, "level": report.level, "parent": report.parent_code or None,
        "day": report.business_day.isoformat(), "revision": report.revision, "state": report.state,
        "value": report.value, "automatic": report.automatic, "late": report.late, "reported": report.reported,
        "expected": report.expected, "figures": figures,
    }  # fmt: skip


def _csv(rows: Iterable[dict[str, Any]]) -> bytes:
    """Comma-separated, UTF-8 with a byte order mark, so that a spreadsheet opens it with its Chinese intact."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *(f"{i.name}（{i.unit}）" for i in indicators())])
    for row in rows:
        fixed = [_cell(row[key]) for key in COLUMNS.values()]
        writer.writerow([*fixed, *(_cell(row["figures"][i.key]) for i in indicators())])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    """A figure that does not exist is an empty cell: never 0, never a dash."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else value


def _json(province: str, day: dt.date, revision: int, as_of: dt.datetime, rows: list[dict[str, Any]]) -> bytes:
    document = {
        "format": "gridkeeper-daily-report",
        "version": FORMAT_VERSION,
        "province": province,
        "day": day.isoformat(),
        "revision": revision,
        "as_of": as_of.isoformat(),
        "indicators": [
            {"key": i.key, "name": i.name, "unit": i.unit, "duty": i.duty, "kind": i.kind.value} for i in indicators()
        ],
        "units": rows,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _place(path: Path, content: bytes) -> None:
    """Put the whole file there or none of it: written beside, flushed to disk, then renamed."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
