"""Who lives behind the demo's doors."""

import datetime as dt
from random import Random

from backend.ops.demo.people import person_name, phone_number, record_id
from backend.ops.demo.places import Cell, Door, doors
from backend.residents.choices import Care, Occupancy
from backend.residents.rules import HouseholdInput

_OCCUPANCY = {Occupancy.OCCUPIED: 83, Occupancy.RENTED: 6, Occupancy.OWNER_AWAY: 6, Occupancy.EMPTY: 5}
_CARE = (
    (Care.ELDERLY_ALONE, 0.09), (Care.CHRONIC, 0.12), (Care.DISABLED, 0.03), (Care.INFANT, 0.04),
    (Care.PREGNANT, 0.01), (Care.DIALYSIS, 0.004), (Care.LEFT_BEHIND_CHILD, 0.03),
)  # fmt: skip
_PHONE_KNOWN = 0.72


def households_of(cell: Cell, *, chance: Random, since: dt.datetime) -> list[HouseholdInput]:
    """The households of `cell` in walking order, on the roster since `since`."""
    return [_household(cell, door, chance, since) for door in doors(cell)]


def _household(cell: Cell, door: Door, chance: Random, since: dt.datetime) -> HouseholdInput:
    occupancy = chance.choices(list(_OCCUPANCY), list(_OCCUPANCY.values()))[0]
    lived_in = occupancy is not Occupancy.EMPTY
    alone = lived_in and chance.random() < _CARE[0][1]
    care = [Care.ELDERLY_ALONE] if alone else []
    care += [flag for flag, share in _CARE[1:] if lived_in and chance.random() < share]
    return HouseholdInput(
        id=record_id(chance, since), region_code=cell.code, address=door.address, building=door.building,
        unit=door.unit, floor=door.floor, door=door.door, head_name=person_name(chance),
        headcount=0 if not lived_in else 1 if alone else chance.choice((2, 2, 3, 3, 3, 4, 4, 5, 6)),
        phone=phone_number(chance) if chance.random() < _PHONE_KNOWN else "", occupancy=occupancy.value,
        care=tuple(flag.value for flag in care), created_at=since,
    )  # fmt: skip
