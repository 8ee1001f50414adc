"""Pure decisions about grid cells and the files that list them."""

from typing import Any

from backend.core.errors import ApiError, ErrorCode

NAME_LIMIT, BUILDINGS_LIMIT, LEADER_LIMIT = 60, 200, 40

#: Header of a CSV of cells, as clerks write it → our field. The English names serve other programs.
CSV_COLUMNS = {
    "村代码": "village", "村（社区）代码": "village", "village": "village",
    "网格编号": "number", "编号": "number", "number": "number",
    "网格名称": "name", "名称": "name", "name": "name",
    "楼栋范围": "buildings", "楼栋": "buildings", "buildings": "buildings",
    "网格长": "leader_name", "leader": "leader_name",
}  # fmt: skip
CSV_REQUIRED = ("village", "number", "name")


def clean_cell_fields(*, number: int, name: str, buildings: str, leader: str) -> dict[str, Any]:
    """The text fields of a cell without their margins. Raises `missing_field`, `bad_field`."""
    if not 1 <= number <= 999:
        raise ApiError(ErrorCode.BAD_FIELD, field="number", message="网格编号应为 1 到 999 的整数。")
    name = _text("name", name, NAME_LIMIT)
    if not name:
        raise ApiError(ErrorCode.MISSING_FIELD, field="name", message="请填写网格名称。")
    return {
        "name": name,
        "buildings": _text("buildings", buildings, BUILDINGS_LIMIT),
        "leader_name": _text("leader_name", leader, LEADER_LIMIT),
    }


def _text(field: str, value: str, limit: int) -> str:
    text = " ".join(str(value).split())
    if len(text) > limit or any(ord(ch) < 32 or 0xD800 <= ord(ch) <= 0xDFFF for ch in text):
        raise ApiError(ErrorCode.BAD_FIELD, field=field, message=f"内容不能超过 {limit} 字，也不能含控制字符。")
    return text


def decode_table(content: bytes) -> str:
    """The text of a CSV file: UTF-8 (with or without mark) or GB 18030, as Excel saves it here. Raises `bad_import`."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ApiError(ErrorCode.BAD_IMPORT, message="文件编码无法识别，请另存为 UTF-8 或 GBK 的 CSV 文件。")


def columns_of(header: list[str]) -> list[str | None]:
    """Our field for each column of the header; None for one we do not know. Raises `bad_import` when one is missing."""
    fields = [CSV_COLUMNS.get(title.strip().lower(), CSV_COLUMNS.get(title.strip())) for title in header]
    titles = {"village": "村代码", "number": "网格编号", "name": "网格名称"}
    if missing := [titles[field] for field in CSV_REQUIRED if field not in fields]:
        raise ApiError(ErrorCode.BAD_IMPORT, message=f"表头缺少：{'、'.join(missing)}。")
    return fields
