"""The fields and values of clashing edits as the office reads them."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.core.office.directory import directory
from backend.core.scope import ancestors
from backend.residents.choices import Care, DocumentType, Occupancy, Purpose
from backend.residents.selectors import households_by_id
from backend.returnees.choices import Transport

_FIELDS = {
    "address": "地址", "building": "楼栋", "unit": "单元", "floor": "楼层", "door": "门牌", "head_name": "户主姓名",
    "headcount": "人数", "phone": "联系电话", "occupancy": "居住情况", "care": "关爱标识", "name": "姓名",
    "document_type": "证件类型", "document_number": "证件号码", "household": "住户", "purpose": "登记目的",
    "origin": "来源地区划", "origin_text": "来源地", "transport": "交通方式",
    "transport_number": "车次、航班号、车牌", "via": "途经地", "arrived_on": "到达日期",
    "left_on": "离开日期",
}  # fmt: skip
_CHOICES: dict[str, Any] = {
    "occupancy": Occupancy, "document_type": DocumentType, "care": Care, "purpose": Purpose, "transport": Transport,
}  # fmt: skip


def field_word(field: str) -> str:
    """A field's name in Chinese."""
    return _FIELDS.get(field, field)


def value_words(entries: Sequence[Mapping[str, Any]]) -> Callable[[str, Any], str]:
    """A function `(field, value) → words` that knows the households and regions named in `entries`.

    `entries` are those of `EditConflict.fields`. Two queries at most, whatever their number.
    """
    named = [(entry["field"], entry[side]) for entry in entries for side in ("mine", "theirs") if entry[side]]
    homes = households_by_id({uuid.UUID(str(value)) for field, value in named if field == "household"})
    codes = {code for field, value in named if field == "origin" for code in ancestors(value)}
    regions = directory().names(codes) if codes else {}

    def words(field: str, value: Any) -> str:
        if value is None or value in ("", []):
            return "（空）"
        if field == "household":
            home = homes.get(uuid.UUID(str(value)))
            return home.place if home else "（已无此户）"
        if field == "origin":
            return "".join(regions.get(code, "") for code in ancestors(value)) or value
        if field in _CHOICES:
            labels = dict(_CHOICES[field].choices)
            return "、".join(str(labels.get(v, v)) for v in (value if isinstance(value, list) else [value]))
        return str(value)

    return words
