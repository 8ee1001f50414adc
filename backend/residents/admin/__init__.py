"""Pages of households, people and hand-overs in the office, and what is done to a whole cell of them."""

from backend.regions.admin import RegionAdmin
from backend.residents.admin.cells import CELL_DEEDS
from backend.residents.admin.handovers import HandOverAdmin
from backend.residents.admin.registers import HouseholdAdmin, PersonAdmin

__all__ = ["HandOverAdmin", "HouseholdAdmin", "PersonAdmin"]

RegionAdmin.deeds_add(*CELL_DEEDS)
