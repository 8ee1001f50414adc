"""From a body on the wire to what the residents' services take."""

from backend.residents.rules import HouseholdInput
from backend.sync.shapes import HouseholdBody


def household_input(body: HouseholdBody) -> HouseholdInput:
    """A household as written down at the door."""
    return HouseholdInput(
        id=body.household, region_code=body.region, address=body.address, building=body.building, unit=body.unit,
        floor=body.floor, door=body.door, head_name=body.head_name, headcount=body.headcount, phone=body.phone or "",
        occupancy=body.occupancy, care=tuple(body.care),
    )  # fmt: skip
