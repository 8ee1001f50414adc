"""Grid cells: made, changed, closed, and imported from a clerk's CSV."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.audit.models import AuditEntry
from backend.core.errors import ApiError
from backend.core.models import Tombstone
from backend.regions.models import Region
from backend.regions.services import CellInput, cell_close, cell_create, cell_update, cells_import
from tests.conftest import CELL, OTHER_CELL

VILLAGE = CELL[:12]
HEADER = "村代码,网格编号,网格名称,楼栋范围,网格长\n"


@pytest.fixture
def clerk(user_with: Callable[..., User]) -> User:
    return user_with(Role.TOWNSHIP, CELL[:9], "clerk")


def test_a_cell_is_made_changed_and_closed(clerk: User) -> None:
    cell = cell_create(actor=clerk, item=CellInput(VILLAGE, 7, " 第七  网格 ", "1–3幢", "王芳"))
    assert (cell.code, cell.name, cell.parent_code, cell.level) == (f"{VILLAGE}007", "第七 网格", VILLAGE, "grid")
    cell_update(actor=clerk, code=cell.code, changes={"buildings": "1–4幢"})
    cell_update(actor=clerk, code=cell.code, changes={"buildings": "1–4幢"})
    cell_close(actor=clerk, code=cell.code)
    cell_close(actor=clerk, code=cell.code)
    assert Region.objects.get(code=cell.code).valid_to is not None
    assert Tombstone.objects.filter(kind="region", object_id=cell.code).count() == 1
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["cell_created", "cell_updated", "cell_closed"]
    with pytest.raises(ApiError, match="wrong_state"):
        cell_update(actor=clerk, code=cell.code, changes={"name": "x"})
    with pytest.raises(ApiError, match="wrong_state number"):
        cell_create(actor=clerk, item=CellInput(VILLAGE, 7, "重用"))


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (CellInput(VILLAGE, 0, "零"), "bad_field number"),
        (CellInput(VILLAGE, 1000, "千"), "bad_field number"),
        (CellInput(VILLAGE, 1, "  "), "missing_field name"),
        (CellInput(VILLAGE, 1, "长" * 61), "bad_field name"),
        (CellInput(VILLAGE, 1, "网格", kind="other"), "bad_field kind"),
        (CellInput(OTHER_CELL[:12], 1, "别村"), "unknown_region village"),
        (CellInput("220521901", 1, "镇"), "unknown_region village"),
        (CellInput(VILLAGE, 901, "已有"), "wrong_state number"),
    ],
)
def test_a_bad_cell_is_refused(clerk: User, item: CellInput, error: str) -> None:
    with pytest.raises(ApiError, match=error):
        cell_create(actor=clerk, item=item)


def test_nobody_edits_another_townships_cell(clerk: User, user_with: Callable[..., User]) -> None:
    for actor in (clerk, user_with(Role.VILLAGE, OTHER_CELL[:12])):
        with pytest.raises(ApiError, match="not_found"):
            cell_update(actor=actor, code=OTHER_CELL, changes={"name": "x"})
        with pytest.raises(ApiError, match="not_found"):
            cell_close(actor=actor, code=OTHER_CELL)


def test_a_cell_with_a_duty_in_it_stays_open(clerk: User, user_with: Callable[..., User]) -> None:
    user_with(Role.GRID_WORKER, CELL)
    with pytest.raises(ApiError) as refused:
        cell_close(actor=clerk, code=CELL)
    assert "1 项在岗职责" in refused.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_taken_over_line_by_line(clerk: User, encoding: str) -> None:
    lines = [
        f"{VILLAGE},1,第一网格,1–3幢,王芳",
        f"{VILLAGE},2,第二网格,,",
        "",
        f"{VILLAGE},2,重复,,",
        f"{OTHER_CELL[:12]},1,别镇,,",
        f"{VILLAGE},x,坏编号,,",
        f"{VILLAGE},1000,太大,,",
        "2205,3,坏村,,",
        f"{VILLAGE},4,,,",
        f"{VILLAGE},901,改名,,李娜",
        f"{VILLAGE}",
    ]
    content = (HEADER + "\r\n".join(lines)).encode(encoding)
    report = cells_import(actor=clerk, content=content)
    assert (report.created, report.updated, report.unchanged) == (2, 1, 0)
    assert [r.line for r in report.refused] == [5, 6, 7, 8, 9, 10, 12]
    assert report.refused[0].message == "与第 3 行重复。"
    assert Region.objects.get(code=CELL).leader_name == "李娜"
    again = cells_import(actor=clerk, content=content)
    assert (again.created, again.updated, again.unchanged, len(again.refused)) == (0, 0, 3, 7)


def test_a_missing_column_leaves_what_is_there(clerk: User) -> None:
    cell_update(actor=clerk, code=CELL, changes={"leader_name": "王芳"})
    report = cells_import(actor=clerk, content=f"村代码,编号,名称\n{VILLAGE},901,新名".encode())
    assert report.updated == 1
    cell = Region.objects.get(code=CELL)
    assert (cell.name, cell.leader_name) == ("新名", "王芳")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00\x01\xff", "名称,编号\n一,1".encode(), (HEADER + '"没有结尾').encode(), b"a" * 5_000_000],
)
def test_an_unreadable_file_is_refused_whole(clerk: User, content: bytes) -> None:
    with pytest.raises(ApiError, match="bad_import"):
        cells_import(actor=clerk, content=content)


def test_the_command_reports_and_fails_on_refused_lines(tree: object, tmp_path: Path, capsys: object) -> None:
    path = tmp_path / "cells.csv"
    path.write_text(HEADER + f"{VILLAGE},5,第五网格,,\n")
    call_command("import_cells", str(path))
    path.write_text(HEADER + f"{VILLAGE},5,第五网格,,\n{VILLAGE},0,坏,,\n")
    with pytest.raises(CommandError, match="1 行未导入"):
        call_command("import_cells", str(path))
    with pytest.raises(CommandError, match="无法读取"):
        call_command("import_cells", str(tmp_path / "none.csv"))
