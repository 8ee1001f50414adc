"""The demo's tree and doors."""

import csv
from random import Random

from backend.ops.demo import places


def test_sixty_cells_and_six_thousand_doors_in_ranges_that_nobody_uses() -> None:
    cells = places.cells(Random(1))
    assert len(cells) == 60
    assert len({cell.village for cell in cells}) == 12
    assert len({cell.code[:9] for cell in cells}) == 3
    assert sum(cell.households for cell in cells) == 6000
    for cell in cells:
        assert cell.code.startswith(places.COUNTY)
        assert {cell.code[6], cell.code[9], cell.code[12]} == {"9"}


def test_no_two_doors_of_a_village_are_alike() -> None:
    cells = places.cells(Random(1))
    for village in {cell.village for cell in cells}:
        doors = [door for cell in cells if cell.village == village for door in places.doors(cell)]
        assert len(set(doors)) == len(doors) == 500


def test_the_province_is_real_and_whole() -> None:
    with places.division_files()[0].open(encoding="utf-8", newline="") as handle:
        codes = [row["code"] for row in csv.DictReader(handle)]
    assert [sum(len(code) == length for code in codes) for length in (2, 4, 6)] == [1, 9, 60]
    assert all(code[:-2] in codes for code in codes if len(code) > 2)
