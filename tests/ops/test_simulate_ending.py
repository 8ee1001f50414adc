"""What a simulation says at its end, and what it leaves."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from backend.ops.simulate.ending import result_tell
from backend.ops.simulate.table import percentiles


def told(differences: list[str], said: list[str]) -> None:
    rows = [("记录", "40"), ("p", percentiles([0.001, 0.002, 0.5], 0.5, 0.99))]
    result_tell(
        rows=rows, report={"made": 40, "differences": differences}, differences=differences, sound="与真值完全一致。",
        known_as="（种子 7）", say=said.append,
    )  # fmt: skip


@pytest.fixture
def left(settings: Any, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    return tmp_path / "result.json"


def test_a_run_without_differences_says_so(left: Path) -> None:
    said: list[str] = []
    told([], said)
    assert said == ["", "  记录  40", "  p     p50 2 毫秒，p99 500 毫秒", "与真值完全一致。"]
    assert json.loads(left.read_text())["made"] == 40


def test_differences_fail_the_run_and_are_all_in_the_file(left: Path) -> None:
    said: list[str] = []
    with pytest.raises(CommandError, match="100 处（种子 7）") as failed:
        told([f"差异 {number}" for number in range(100)], said)
    assert failed.value.returncode == 1
    assert said[-1] == "  ✗ 差异 39"
    assert len(json.loads(left.read_text())["differences"]) == 100
