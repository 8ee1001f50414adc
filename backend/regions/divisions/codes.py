"""What a division code says: its level and its unpadded form. Pure."""

import enum

from backend.core.fields import CODE_LENGTHS
from backend.regions.choices import LENGTH_OF, LEVEL_OF, Level


class Reason(enum.Enum):
    """Why a line of a division file was refused: `NAME = Chinese sentence`."""

    NOT_TEXT = "不是 UTF-8 或 GB18030 编码"
    CUT_OFF = "行不完整（列数不足或引号未闭合）"
    MISSING_COLUMN = "缺少代码列或名称列"
    EMPTY_FILE = "文件为空"
    BAD_CODE = "代码含有数字以外的字符"
    BAD_LENGTH = "代码位数不对（应为 2、4、6、9、12 位）"
    BAD_LEVEL = "层级列无法识别，或与代码不符"
    BAD_NAME = "名称为空、过长或含有乱码"
    DUPLICATE = "代码重复"
    WRONG_PARENT = "所列上级与代码不符"
    ORPHAN = "上级不存在"

    @property
    def code(self) -> str:
        """The reason's name in the report file."""
        return self.name.lower()


class RefusedError(Exception):
    """A line cannot be used."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)


_PROVINCE, _PREFECTURE, _COUNTY, _TOWNSHIP, _VILLAGE = (
    Level.PROVINCE, Level.PREFECTURE, Level.COUNTY, Level.TOWNSHIP, Level.VILLAGE,
)  # fmt: skip
#: What level columns say, in figures and in words.
_LEVEL_WORDS = {
    "1": _PROVINCE, "province": _PROVINCE, "省": _PROVINCE, "省级": _PROVINCE,
    "2": _PREFECTURE, "city": _PREFECTURE, "prefecture": _PREFECTURE, "市": _PREFECTURE, "地级": _PREFECTURE,
    "地市级": _PREFECTURE, "市级": _PREFECTURE,
    "3": _COUNTY, "county": _COUNTY, "area": _COUNTY, "district": _COUNTY, "县": _COUNTY, "县级": _COUNTY,
    "区县级": _COUNTY, "区县": _COUNTY,
    "4": _TOWNSHIP, "town": _TOWNSHIP, "township": _TOWNSHIP, "street": _TOWNSHIP, "乡": _TOWNSHIP,
    "乡级": _TOWNSHIP, "乡镇": _TOWNSHIP, "乡镇级": _TOWNSHIP, "街道": _TOWNSHIP,
    "5": _VILLAGE, "village": _VILLAGE, "村": _VILLAGE, "村级": _VILLAGE, "社区": _VILLAGE,
}  # fmt: skip
#: Levels at which the files repeat the unit above: 441900 below 4419, 350527000 below 350527.
_MAY_REPEAT = (LENGTH_OF[Level.COUNTY], LENGTH_OF[Level.TOWNSHIP])
#: The longest code of an official file; grid cells are ours alone.
_PADDED = 12
#: What the six-digit codes of the ministry's lists are padded to.
_SIX = LENGTH_OF[Level.COUNTY]


def read_code(text: str, level_text: str = "", *, padded_to_six: bool = False) -> str:
    """The unpadded code of `text`, given what the line's level column says (empty: no such column).

    `padded_to_six`: the file writes every code down to the county with six digits, so that `220500` is the prefecture
    2205. Where that is not known, `220500` is a county that stands for its prefecture; `220000` is always the province.

    Zero-padded codes lose their padding: down to the named level, else down to the shortest code that it can be. So
    `441900000000` is the prefecture 4419 unless its level column says county, which makes it 441900.

    Raises `RefusedError` with BAD_CODE, BAD_LENGTH or BAD_LEVEL.
    """
    if not (text.isascii() and text.isdigit()):
        raise RefusedError(Reason.BAD_CODE)
    if len(text) not in CODE_LENGTHS or len(text) > _PADDED:
        raise RefusedError(Reason.BAD_LENGTH)
    if level_text:
        length = _length_named(level_text)
        if length > len(text) or text[length:].strip("0"):
            raise RefusedError(Reason.BAD_LEVEL)
    elif len(text) == _PADDED or is_padded_province(text) or (padded_to_six and len(text) == _SIX):
        length = next(n for n in CODE_LENGTHS if not text[n:].strip("0"))
    else:
        length = len(text)
    code = text[:length]
    # A last group of zeros names nothing, except where a county or township stands for the whole unit above it.
    if not code[_start(length) :].strip("0") and length not in _MAY_REPEAT:
        raise RefusedError(Reason.BAD_LEVEL)
    return code


def is_padded_province(text: str) -> bool:
    """Whether this is a province in six digits: no county is 00 of a prefecture 00."""
    return len(text) == _SIX and text[2:] == "0000"


def level_of(code: str) -> Level:
    """The level that the length of an unpadded `code` names."""
    return LEVEL_OF[len(code)]


def parents_of(code: str) -> tuple[str, ...]:
    """The codes above `code`, nearest first: `220502` → `2205, 22`."""
    return tuple(code[:length] for length in reversed(CODE_LENGTHS) if length < len(code))


def _length_named(level_text: str) -> int:
    level = _LEVEL_WORDS.get(level_text.strip().lower())
    if level is None:
        raise RefusedError(Reason.BAD_LEVEL)
    return LENGTH_OF[level]


def _start(length: int) -> int:
    """Where the last group of digits of a code of this length starts."""
    index = CODE_LENGTHS.index(length)
    return CODE_LENGTHS[index - 1] if index else 0
