"""Pages of households, people and hand-overs in the office."""

from backend.residents.admin.handovers import HandOverAdmin
from backend.residents.admin.registers import HouseholdAdmin, PersonAdmin

__all__ = ["HandOverAdmin", "HouseholdAdmin", "PersonAdmin"]
