"""A CSV of grid cells: village code, number, name, buildings, leader. See docs/regions.md."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from backend.audit.services import audit_record
from backend.core.errors import ApiError, ErrorCode
from backend.regions.choices import CellKind, Level
from backend.regions.models import Region
from backend.regions.rules import clean_cell_fields, columns_of, decode_table
from backend.regions.services.cells import CELL_EDIT, CellInput, cell_create, cell_update

#: A county has fewer cells than this.
LINE_LIMIT = 20_000
SIZE_LIMIT = 4 * 1024 * 1024
# Bulk work commits in pieces: a long writing transaction holds back every phone's download.
_PIECE = 200


@dataclass(frozen=True)
class RefusedLine:
    """A line that was not taken over: its number in the file, the code, and what to do."""

    line: int
    code: str
    message: str


@dataclass
class CellImportReport:
    """What became of a file, line by line. Importing it again gives `unchanged` for what was taken over."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedLine] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.refused)


def cells_import(*, actor: Any | None, content: bytes) -> CellImportReport:
    """Make and update the cells that a CSV file lists; a bad line is refused and the others go on. Idempotent.

    Raises `bad_import` when the file as a whole cannot be read.
    """
    if len(content) > SIZE_LIMIT:
        raise ApiError(ErrorCode.BAD_IMPORT, message="文件超过 4 MB，请分成几个文件导入。")
    report = CellImportReport()
    rows = list(_rows(decode_table(content)))
    seen: dict[str, int] = {}
    for start in range(0, len(rows), _PIECE):
        with transaction.atomic():
            for line, row in rows[start : start + _PIECE]:
                _take(actor, line, row, seen, report)
    audit_record(
        actor=actor, action="cells_imported", target_kind="cells", target_id="",
        detail={
            "created": report.created, "updated": report.updated, "unchanged": report.unchanged,
            "refused": len(report.refused),
        },
    )  # fmt: skip
    return report


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """`(line number, field → text)` of every line that is not empty."""
    try:
        reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), strict=True)
        header = next(reader, None)
        if header is None:
            raise ApiError(ErrorCode.BAD_IMPORT, message="文件是空的。")
        fields = columns_of(header)
        for count, row in enumerate(reader):
            if count >= LINE_LIMIT:
                raise ApiError(ErrorCode.BAD_IMPORT, message=f"一个文件最多 {LINE_LIMIT} 行，请分开导入。")
            if any(value.strip() for value in row):
                yield reader.line_num, {f: v.strip() for f, v in zip(fields, row, strict=False) if f}
    except csv.Error as error:
        raise ApiError(ErrorCode.BAD_IMPORT, message="文件不是有效的 CSV，请检查引号。") from error


def _take(actor: Any | None, line: int, row: dict[str, str], seen: dict[str, int], report: CellImportReport) -> None:
    code = ""
    try:
        item = _item(row)
        code = item.code
        if code in seen:
            raise ApiError(ErrorCode.BAD_IMPORT, message=f"与第 {seen[code]} 行重复。")
        seen[code] = line
        _write(actor, item, row, report)
    except ApiError as error:
        report.refused.append(RefusedLine(line, code or row.get("village", "")[:20], error.message))


def _item(row: dict[str, str]) -> CellInput:
    number = row.get("number", "")
    if not number.isascii() or not number.isdigit() or len(number) > 3:
        raise ApiError(ErrorCode.BAD_FIELD, field="number", message="网格编号应为 1 到 999 的整数。")
    village = row.get("village", "")
    if len(village) != 12 or not (village.isascii() and village.isdigit()):
        raise ApiError(ErrorCode.BAD_REGION_CODE, field="village", message="村（社区）代码应为 12 位数字。")
    return CellInput(
        village=village,
        number=int(number),
        name=row.get("name", ""),
        buildings=row.get("buildings", ""),
        leader_name=row.get("leader_name", ""),
    )


def _write(actor: Any | None, item: CellInput, row: dict[str, str], report: CellImportReport) -> None:
    before = Region.objects.filter(code=item.code, level=Level.GRID).first()
    if before is None:
        cell_create(actor=actor, item=item)
        report.created += 1
        return
    if actor is not None and not actor.has_capability(CELL_EDIT, item.village):
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="village")
    # A column that the file does not have leaves what is there.
    changes: dict[str, str] = {
        name: getattr(item, name) for name in ("name", "buildings", "leader_name") if name in row
    }
    clean = clean_cell_fields(number=item.number, name=item.name, buildings=item.buildings, leader=item.leader_name)
    if before.valid_to is None and all(getattr(before, name) == clean[name] for name in changes):
        report.unchanged += 1
        return
    cell_update(actor=actor, code=item.code, changes={**changes, "kind": before.kind or CellKind.BASIC.value})
    report.updated += 1
