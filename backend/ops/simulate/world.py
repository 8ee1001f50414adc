"""The place of the simulated day, made through the services: a province with a pseudo level, cells, doors, users."""

import csv
import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from django.contrib.auth.hashers import make_password

from backend.accounts.choices import Role
from backend.accounts.services import user_create
from backend.core import clock
from backend.ops.demo.people import phone_number, record_id
from backend.regions.divisions.run import divisions_import
from backend.regions.services import CellInput, cell_create
from backend.residents.rules import HouseholdInput
from backend.residents.services import households_create

PROVINCE = "42"
#: One county below a prefecture, one directly below the province behind a pseudo level.
_UPPER = (
    ("42", "湖北省"), ("4201", "武汉市"), ("420102", "江岸区"),
    ("4290", "省直辖县级行政区划"), ("429004", "仙桃市"),
)  # fmt: skip
_COUNTIES = ("420102", "429004")
HOUSEHOLDS_PER_CELL = 24
_CELLS_PER_VILLAGE = 5
#: Households per call of the service.
_AT_ONCE = 500
_VILLAGES_PER_TOWNSHIP = 4
#: One cell in so many has no worker: from it nothing comes.
_SILENT_EVERY = 20
#: Rare characters, in names of exactly three: none of them occurs by chance in a log or a place.
_SURNAMES = "璩訾仉爨亓乜墨缑郏厍逄郗"
_GIVEN = "翀燚赟婧翾懿琬瑾璇珩昶晟煜烨琰祎骁翊玥琮"


@dataclass(frozen=True)
class Office:
    """An office that looks at alerts and reports of `region`."""

    username: str
    region: str


@dataclass(frozen=True)
class Cell:
    """A cell, its doors, and who walks it (empty: nobody)."""

    code: str
    username: str
    households: tuple[HouseholdInput, ...]


@dataclass(frozen=True)
class World:
    """Everything that exists when the day begins, and the password of all who sign in."""

    day: dt.date
    cells: tuple[Cell, ...]
    offices: tuple[Office, ...]
    password: str

    @property
    def regions(self) -> list[str]:
        """Every unit of the six levels, the province first."""
        codes = {cell.code[:length] for cell in self.cells for length in (2, 6, 9, 12, 15)} | {"4201"}
        return sorted(codes, key=lambda code: (len(code), code))


def rare_name(chance: Random) -> str:
    """Three characters that stand nowhere else."""
    return chance.choice(_SURNAMES) + chance.choice(_GIVEN) + chance.choice(_GIVEN)


def world_make(
    *,
    phones: int,
    chance: Random,
    folder: Path,
    day: dt.date,
    households: int = HOUSEHOLDS_PER_CELL,
    until: Mapping[int, dt.date] | None = None,
) -> World:
    """Make the world on the eve of `day`. One cell for each phone, and some without.

    `until` ends the duty of workers, by number, with a day.
    """
    eve = clock.at(day - dt.timedelta(days=1), dt.time(8))
    total = phones + max(1, phones // _SILENT_EVERY)
    password = secrets.token_urlsafe(12)
    password_hash = make_password(password)
    with clock.standing_at(eve):
        villages = _villages(-(-total // _CELLS_PER_VILLAGE))
        _import(villages, folder / "divisions.csv")
        cells = []
        for index in range(total):
            village, name = villages[index // _CELLS_PER_VILLAGE]
            number = index % _CELLS_PER_VILLAGE
            item = CellInput(village=village, number=901 + number, name=f"第{number + 1}网格")
            cell_create(actor=None, item=item)
            homes = tuple(_household(item.code, name, door, chance, eve) for door in range(households))
            cells.append(Cell(item.code, f"phone{index + 1:03d}" if index < phones else "", homes))
        doors = [household for cell in cells for household in cell.households]
        for start in range(0, len(doors), _AT_ONCE):
            households_create(items=doors[start : start + _AT_ONCE], actor=None)
        for index, cell in enumerate(cells):
            if cell.username:
                name, last = f"网格员{cell.username[5:]}", (until or {}).get(index)
                # On duty for long: a clock that is days slow files records under days before the first.
                since = day - dt.timedelta(days=40)
                _user(cell.username, name, Role.GRID_WORKER, cell.code, password_hash, term=(since, last))
        offices = _offices({village[:9] for village, _ in villages}, password_hash)
    return World(day, tuple(cells), offices, password)


def _villages(count: int) -> list[tuple[str, str]]:
    """`(code, name)`; townships of four villages, in the counties by turns."""
    made = []
    for index in range(count):
        township, number = divmod(index, _VILLAGES_PER_TOWNSHIP)
        county = _COUNTIES[township % 2]
        made.append((f"{county}9{township // 2 + 1:02d}9{number + 1:02d}", f"模拟{index + 1}村"))
    return made


def _import(villages: list[tuple[str, str]], file: Path) -> None:
    townships = sorted({code[:9] for code, _ in villages})
    with file.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(["code", "name"])
        out.writerows([*_UPPER, *((code, f"模拟{code[6:]}镇") for code in townships), *villages])
    outcome = divisions_import(files=[file])
    if outcome.refused:
        raise RuntimeError(f"the simulated divisions were refused: {outcome.refused[0].reason.value}")


def _household(cell: str, village: str, index: int, chance: Random, since: dt.datetime) -> HouseholdInput:
    return HouseholdInput(
        id=record_id(chance, since), region_code=cell, address=f"{village}{cell[12:]}组", door=str(index + 1),
        head_name=rare_name(chance), headcount=chance.randrange(1, 6), phone=phone_number(chance), created_at=since,
    )  # fmt: skip


def _offices(townships: set[str], password_hash: str) -> tuple[Office, ...]:
    made = [
        *((f"town{code}", code, Role.TOWNSHIP) for code in sorted(townships)),
        *((f"county{code}", code, Role.COUNTY) for code in _COUNTIES if any(t.startswith(code) for t in townships)),
        ("prefecture4201", "4201", Role.PREFECTURE),
        ("province42", PROVINCE, Role.PROVINCE),
    ]
    for username, region, role in made:
        _user(username, f"值班员{region}", role, region, password_hash)
    return tuple(Office(username, region) for username, region, _ in made)


def _user(
    username: str,
    name: str,
    role: Role,
    region: str,
    password_hash: str,
    *,
    term: tuple[dt.date | None, dt.date | None] = (None, None),
) -> None:
    user_create(
        actor=None, username=username, display_name=name, role=role, region=region, password_hash=password_hash,
        must_change_password=False, valid_from=term[0], valid_to=term[1],
    )  # fmt: skip
