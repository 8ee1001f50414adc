"""Which lines may enter the tree, which levels are pseudo, and whom each region answers to. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.regions.choices import LENGTH_OF, Level
from backend.regions.divisions.codes import Reason, parents_of
from backend.regions.divisions.files import Line, Refusal

_PREFECTURE = LENGTH_OF[Level.PREFECTURE]
_COUNTY = LENGTH_OF[Level.COUNTY]
_TOWNSHIP = LENGTH_OF[Level.TOWNSHIP]
#: Names that no place bears: they group what lies directly below a province or a prefecture.
_GROUPING = re.compile(r"(市辖区|县|郊县|(省|自治区)?直辖县级行政(区划|单位|区)?|(省|自治区)直辖行政单位)")


@dataclass(frozen=True, slots=True)
class Known:
    """A region as the tree has it, or is about to have it."""

    name: str
    placeholder: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A region ready to be written."""

    code: str
    name: str
    parent_code: str | None
    placeholder: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    placed: list[Placed]
    refused: list[Refusal]
    #: Lines that said the same as one in an earlier file.
    repeated: int


def is_placeholder(code: str, name: str, name_above: str) -> bool:
    """Whether a region is a pseudo level (虚拟层级), which never reports, has no duties and is hidden in trees.

    Either it is a prefecture or county with the name of a grouping (市辖区, 县, 省直辖县级行政区划, …), or it only
    repeats the unit above: a county or township whose own part of the code is all zeros, or a county that bears exactly
    its prefecture's name (two real divisions, one inside the other, never bear one name with one suffix).
    """
    if len(code) in (_PREFECTURE, _COUNTY) and _GROUPING.fullmatch(name):
        return True
    if len(code) not in (_COUNTY, _TOWNSHIP):
        return False
    own_part = code[len(parents_of(code)[0]) :]
    return not own_part.strip("0") or (len(code) == _COUNTY and name == name_above)


def judge_lines(lines: Iterable[Line], known: Mapping[str, Known]) -> Judgement:
    """Sort `lines` into regions to write and lines to refuse; `known` is the tree so far, by code.

    Lines may come in any order and from any mix of files. A parent counts when the tree or an accepted line has it.
    """
    first: dict[str, Line] = {}
    refused: list[Refusal] = []
    repeated = 0
    for line in lines:
        if any(not line.code.startswith(p) or p == line.code for p in line.named_parents):
            refused.append(_refuse(line, Reason.WRONG_PARENT))
            continue
        earlier = first.setdefault(line.code, line)
        if earlier is line:
            continue
        if earlier.file != line.file and earlier.name == line.name:
            repeated += 1
        else:
            refused.append(_refuse(line, Reason.DUPLICATE))
    placed: dict[str, Placed] = {}
    for code in sorted(first, key=lambda c: (len(c), c)):
        line = first[code]
        if not _has_parent(code, placed, known):
            refused.append(_refuse(line, Reason.ORPHAN))
            continue
        above = next((r for p in parents_of(code) if (r := placed.get(p) or known.get(p))), None)
        placed[code] = Placed(
            code=code,
            name=line.name,
            parent_code=_real_parent(code, placed, known),
            placeholder=is_placeholder(code, line.name, above.name if above else ""),
        )
    return Judgement(list(placed.values()), sorted(refused, key=lambda r: (r.file, r.number)), repeated)


def _has_parent(code: str, placed: Mapping[str, Placed], known: Mapping[str, Known]) -> bool:
    """Whether the next level up exists. Prefectures without counties have townships at once: 4419 → 441900003."""
    above = parents_of(code)
    if not above:
        return True
    if len(above[0]) == _COUNTY and above[0].endswith("00"):
        above = above[1:] if above[0] not in placed and above[0] not in known else above
    return above[0] in placed or above[0] in known


def _real_parent(code: str, placed: Mapping[str, Placed], known: Mapping[str, Known]) -> str | None:
    """The nearest ancestor that is no pseudo level; None at the top."""
    for parent in parents_of(code):
        region = placed.get(parent) or known.get(parent)
        if region is not None and not region.placeholder:
            return parent
    return None


def _refuse(line: Line, reason: Reason) -> Refusal:
    return Refusal(line.file, line.number, line.code, line.name, reason)
