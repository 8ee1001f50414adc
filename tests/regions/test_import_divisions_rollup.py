"""Imported divisions carry the day upward: pseudo levels are passed over and no figure is lost on the way."""

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from backend.core import clock
from backend.regions.services import CellInput, cell_create
from backend.reports.models import DailyReport
from backend.reports.services import reports_advance
from backend.visits.services import Upload, VisitRow, visits_record

pytestmark = pytest.mark.django_db(transaction=True)

DIVISIONS = """code,name
11,北京市
1101,市辖区
110101,东城区
110101001,东华门街道
110101001001,多福巷社区
42,湖北省
4290,省直辖县级行政区划
429004,仙桃市
429004001,沙嘴街道
429004001001,沙嘴社区
44,广东省
4419,东莞市
441900,东莞市
441900003,东城街道
441900003001,岗贝社区
"""
#: Village → the chain that reports above it.
CHAINS = {
    "110101001001": ["110101001", "110101", "11"],
    "429004001001": ["429004001", "429004", "42"],
    "441900003001": ["441900003", "4419", "44"],
}
PSEUDO = {"1101", "4290", "441900"}


def visit(cell: str, at: dt.datetime) -> VisitRow:
    return VisitRow(
        id=uuid.uuid4(), region_code=cell, place="1号", business_day=clock.business_day(at), observed_at=at,
        corrected_at=at, doubtful=False, household_id=uuid.uuid4(), outcome="seen_well", people=(), needs=(),
        note=None, upload=Upload(at, 1, "网格员", None),
    )  # fmt: skip


def test_dongguan_xiantao_and_dongcheng_roll_up(tmp_path: Path, settings: Any) -> None:
    settings.DEMO_MODE = True
    call_command("load_policies", verbosity=0)
    file = tmp_path / "divisions.csv"
    file.write_text(DIVISIONS, encoding="utf-8")
    call_command("import_divisions", file)
    day = clock.today() - dt.timedelta(days=1)
    morning = clock.at(day, dt.time(9))
    with clock.standing_at(morning):
        for village in CHAINS:
            cells = [cell_create(actor=None, item=CellInput(village, number, f"第{number}网格")) for number in (1, 2)]
            # Two visits in the first cell, nothing in the second.
            visits_record(rows=[visit(cells[0].code, morning), visit(cells[0].code, morning)])
        reports_advance()
    with clock.standing_at(clock.at(day + dt.timedelta(days=1), dt.time(11, 10))):
        reports_advance()
    reports = {report.region_code: report for report in DailyReport.objects.filter(business_day=day)}
    assert not PSEUDO & set(reports)
    for village, chain in CHAINS.items():
        for code, below in zip(chain, [village, *chain], strict=False):
            report = reports[code]
            assert reports[below].parent_code == code
            assert (report.expected, report.reported, report.figures["reached"]) == (2, 1, 2)
            assert report.is_closed
        assert reports[f"{village}002"].value == "missing"
