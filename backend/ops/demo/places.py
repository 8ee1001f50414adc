"""Where the demo lies: divisions from `fixtures/demo/divisions`, cells and doors by rule. Pure but for the fixtures."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from django.conf import settings

from backend.ops.demo.people import person_name

PROVINCE, PREFECTURE, COUNTY = "22", "2205", "220521"
CELLS_PER_VILLAGE = 5
#: Households of the five cells of a village: five hundred in all.
CELL_SIZES = (108, 96, 100, 92, 104)

_HAMLETS = ("东沟屯", "西沟屯", "上营屯", "下营屯", "河沿屯")
_CELL_NAMES = ("第一网格", "第二网格", "第三网格", "第四网格", "第五网格")
_UNITS, _FLOORS, _DOORS = 4, 6, 2
_PER_BUILDING = _UNITS * _FLOORS * _DOORS


@dataclass(frozen=True)
class Cell:
    """A grid cell of the demo. `urban`: buildings with units; else houses of a hamlet."""

    code: str
    village_name: str
    number: int
    leader: str
    households: int

    @property
    def village(self) -> str:
        return self.code[:12]

    @property
    def urban(self) -> bool:
        return self.village_name.endswith("社区")

    @property
    def first_building(self) -> int:
        """The buildings of a community are numbered through its cells."""
        return sum(_buildings(size) for size in CELL_SIZES[: self.number]) + 1

    @property
    def range_text(self) -> str:
        if not self.urban:
            return _HAMLETS[self.number]
        return f"{self.first_building}–{self.first_building + _buildings(self.households) - 1}幢"


@dataclass(frozen=True)
class Door:
    """One door of a cell."""

    address: str
    building: str
    unit: str
    floor: int | None
    door: str


def division_files() -> list[Path]:
    """The real divisions and the invented ones below them."""
    folder = settings.FIXTURES / "demo" / "divisions"
    return [folder / "jilin.csv", folder / "invented.csv"]


def villages() -> list[tuple[str, str]]:
    """`(code, name)` of the invented villages, in order of code."""
    with division_files()[1].open(encoding="utf-8", newline="") as handle:
        return sorted((row["code"], row["name"]) for row in csv.DictReader(handle) if len(row["code"]) == 12)


def cells(chance: Random) -> list[Cell]:
    """Sixty cells: five in each village, numbered from 901."""
    return [
        Cell(f"{code}{901 + number}", name, number, person_name(chance), CELL_SIZES[number])
        for code, name in villages()
        for number in range(CELLS_PER_VILLAGE)
    ]


def cells_csv(made: list[Cell]) -> bytes:
    """The cells as the file that a township would upload."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["村代码", "网格编号", "网格名称", "楼栋范围", "网格长"])
    table.writerows(
        [cell.village, cell.code[12:], _CELL_NAMES[cell.number], cell.range_text, cell.leader] for cell in made
    )
    return out.getvalue().encode()


def doors(cell: Cell) -> Iterator[Door]:
    """The doors of `cell` in walking order."""
    for index in range(cell.households):
        if not cell.urban:
            yield Door(f"{cell.village_name}{_HAMLETS[cell.number]}", "", "", None, str(index + 1))
            continue
        building, rest = divmod(index, _PER_BUILDING)
        unit, rest = divmod(rest, _FLOORS * _DOORS)
        floor, door = divmod(rest, _DOORS)
        yield Door(
            cell.village_name, str(cell.first_building + building), str(unit + 1), floor + 1, f"{floor + 1}0{door + 1}"
        )


def _buildings(households: int) -> int:
    return -(-households // _PER_BUILDING)
