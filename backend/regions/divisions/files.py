"""Lines of division files, whatever their columns are called. Every line is read alone: one bad line costs itself."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.regions.divisions.codes import Reason, RefusedError, is_padded_province, read_code

#: Column names, as statistics bureaus and public copies spell them.
_CODE = {"code", "代码", "区划代码", "行政区划代码", "统计用区划代码", "id"}
_NAME = {"name", "名称", "区划名称", "单位名称"}
_LEVEL = {"level", "层级", "级别", "行政级别", "type"}
#: Columns that name an ancestor. Their values must be prefixes of the line's own code.
_PARENT = {
    "provincecode", "citycode", "areacode", "streetcode", "parent", "parentcode", "pcode", "parent_code", "pid",
    "上级代码", "上级区划代码", "父级代码", "省级代码", "地级代码", "县级代码", "乡级代码",
}  # fmt: skip
_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A readable line: the unpadded code, the name, the ancestors that its own columns name."""

    file: str
    number: int
    code: str
    name: str
    named_parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that stays outside, and why. `number` 0 means the whole file."""

    file: str
    number: int
    code: str
    name: str
    reason: Reason


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The CSV files that `paths` name: a folder stands for the `*.csv` in it, by name. Raises FileNotFoundError."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if p.suffix.lower() == ".csv" and p.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise FileNotFoundError(path)
    return list(dict.fromkeys(found))


def read_file(path: Path) -> Iterator[Line | Refusal]:
    """Every line of the file at `path`, readable or refused; blank lines are skipped."""
    rows = enumerate(_texts(path.read_bytes()), start=1)
    header = next(((number, cells) for number, cells in rows if cells != []), None)
    if header is None:
        yield Refusal(path.name, 0, "", "", Reason.EMPTY_FILE)
        return
    try:
        columns = _Columns(header[1])
    except RefusedError as refused:
        yield Refusal(path.name, 0, "", "", refused.reason)
        return
    lines = [(number, cells) for number, cells in rows if cells != []]
    padded = columns.bare and _padded_to_six(code for _, cells in lines if (code := columns.code_of(cells)))
    for number, cells in lines:
        yield _line(path.name, number, cells, columns, padded_to_six=padded)


def _padded_to_six(codes: Iterable[str]) -> bool:
    """Whether a file without level and ancestor columns pads with zeros: provinces in six digits, no shorter code."""
    plain = list(codes)
    return any(map(is_padded_province, plain)) and not any(code.isdigit() and len(code) < 6 for code in plain)


class _Columns:
    """Where the columns of a file are."""

    def __init__(self, header: list[str] | Reason) -> None:
        if isinstance(header, Reason):
            raise RefusedError(header)
        names = [cell.strip().lower() for cell in header]
        self.width = len(names)
        self.code = next((i for i, n in enumerate(names) if n in _CODE), None)
        self.name = next((i for i, n in enumerate(names) if n in _NAME), None)
        self.level = next((i for i, n in enumerate(names) if n in _LEVEL), None)
        self.parents = [i for i, n in enumerate(names) if n in _PARENT]
        if self.code is None or self.name is None:
            raise RefusedError(Reason.MISSING_COLUMN)

    @property
    def bare(self) -> bool:
        """Whether a line says nothing of its place in the tree but its code."""
        return self.level is None and not self.parents

    def code_of(self, cells: list[str] | Reason) -> str:
        """What stands in the code column; empty where the line does not reach as far."""
        readable = isinstance(cells, list) and self.code is not None and self.code < len(cells)
        return cells[self.code].strip() if readable else ""  # type: ignore[index]


def _line(
    file: str, number: int, cells: list[str] | Reason, columns: _Columns, *, padded_to_six: bool
) -> Line | Refusal:
    if isinstance(cells, Reason):
        return Refusal(file, number, "", "", cells)
    assert columns.code is not None
    assert columns.name is not None
    code = cells[columns.code].strip() if columns.code < len(cells) else ""
    name = _tidy(cells[columns.name]) if columns.name < len(cells) else ""
    if len(cells) < columns.width:
        return Refusal(file, number, code, name, Reason.CUT_OFF)
    try:
        level = cells[columns.level].strip() if columns.level is not None else ""
        plain = read_code(code, level, padded_to_six=padded_to_six)
        if not _is_name(name):
            raise RefusedError(Reason.BAD_NAME)
        named = tuple(_named_parent(cells[i].strip()) for i in columns.parents if cells[i].strip().strip("0"))
    except RefusedError as refused:
        return Refusal(file, number, code, name, refused.reason)
    return Line(file, number, plain, name, named)


def _named_parent(text: str) -> str:
    """The unpadded code of an ancestor as a column names it; any nonsense is a wrong parent."""
    try:
        return read_code(text)
    except RefusedError as refused:
        raise RefusedError(Reason.WRONG_PARENT) from refused


def _tidy(name: str) -> str:
    return "".join(name.split())


def _is_name(name: str) -> bool:
    return (
        0 < len(name) <= _NAME_LENGTH
        and name.isprintable()
        and "\ufffd" not in name
        and any(character.isalpha() for character in name)
    )


def _texts(content: bytes) -> Iterator[list[str] | Reason]:
    """The cells of every line; a reason where a line cannot be read, `[]` where it is blank."""
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines()
    encoding = _encoding_of(lines)
    for raw in lines:
        if not raw.strip():
            yield []
            continue
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            yield Reason.NOT_TEXT
            continue
        try:
            yield next(csv.reader([text], strict=True))
        except csv.Error:
            yield Reason.CUT_OFF


def _encoding_of(lines: list[bytes]) -> str:
    """UTF-8 when most lines with Chinese in them are UTF-8; a file cut inside a character must not turn GB18030."""
    telling = [line for line in lines if not line.isascii()]
    good = sum(1 for line in telling if _is_utf8(line))
    return "utf-8" if good * 2 >= len(telling) else "gb18030"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
