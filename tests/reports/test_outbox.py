"""The file for the level above: once per revision, whole or not at all, the same bytes however often."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from backend.reports.models import OutboxFile
from backend.reports.services import outbox, outbox_write
from tests.conftest import OTHER_CELL
from tests.reports.conftest import World


def test_nothing_goes_up_before_the_province_has_closed(world: World) -> None:
    world.visit()
    world.at(1, "10:59").advance()
    assert outbox_write() == 0
    world.at(1, "11:01").advance()
    assert outbox_write() == 2
    assert outbox_write() == 0


def test_csv_and_json_say_what_the_reports_say(world: World, settings: Any) -> None:
    world.visit(fever_count=2)
    world.at(1, "12:00").advance()
    outbox_write()
    for row in OutboxFile.objects.all():
        content = (settings.OUTBOX_FOLDER / row.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row.sha256
        assert len(content) == row.size
    text = (settings.OUTBOX_FOLDER / "daily-22-20261120-r001.csv").read_text("utf-8-sig")
    rows = {line["区划代码"]: line for line in csv.DictReader(io.StringIO(text))}
    assert set(rows) == {"22", "2205", "220521", "220521901", "220521902"}
    assert (rows["22"]["发热（人次）"], rows["22"]["已报网格"], rows["22"]["应报网格"]) == ("2", "1", "4")
    assert (rows["220521902"]["上报值"], rows["220521902"]["发热（人次）"]) == ("missing", "")
    document = json.loads((settings.OUTBOX_FOLDER / "daily-22-20261120-r001.json").read_text())
    units = {unit["code"]: unit for unit in document["units"]}
    assert units["22"]["figures"]["fever"] == 2
    assert units["220521902"]["figures"]["fever"] is None
    assert document["as_of"] == "2026-11-21T03:00:00+00:00"


def test_a_correction_makes_a_new_version_and_leaves_the_old(world: World, settings: Any) -> None:
    world.visit()
    world.at(1, "12:00").advance()
    outbox_write()
    first = {path.name: path.read_bytes() for path in Path(settings.OUTBOX_FOLDER).iterdir()}
    world.at(1, "15:00").visit(OTHER_CELL, fever_count=1)
    world.advance()
    assert outbox_write() == 2
    now = {path.name: path.read_bytes() for path in Path(settings.OUTBOX_FOLDER).iterdir()}
    assert first.items() < now.items()
    assert set(now) - set(first) == {"daily-22-20261120-r002.csv", "daily-22-20261120-r002.json"}


def test_a_crash_between_file_and_row_is_made_good(world: World, settings: Any, monkeypatch: Any) -> None:
    world.visit()
    world.at(1, "12:00").advance()

    def crash(**columns: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(outbox.OutboxFile.objects, "create", crash)
        with pytest.raises(RuntimeError):
            outbox_write()
    (left,) = Path(settings.OUTBOX_FOLDER).iterdir()
    before = left.read_bytes()
    assert outbox_write() == 2
    assert left.read_bytes() == before
    assert not [path for path in Path(settings.OUTBOX_FOLDER).iterdir() if path.name.startswith(".")]
