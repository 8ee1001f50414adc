"""The only writers of households, people and sealed blobs. See docs/privacy.md."""

from backend.residents.rules import HouseholdInput, PersonInput
from backend.residents.services.blobs import blob_open, blob_seal, blobs_purge
from backend.residents.services.calls import household_call, person_call
from backend.residents.services.edits import edit_mark, edit_merge
from backend.residents.services.households import (
    household_close,
    household_create,
    household_move,
    household_reopen,
    household_update,
    households_create,
)
from backend.residents.services.people import people_lock, person_create, person_ensure, person_move, person_update
from backend.residents.services.reveal import household_reveal, person_reveal

__all__ = [
    "HouseholdInput",
    "PersonInput",
    "blob_open",
    "blob_seal",
    "blobs_purge",
    "edit_mark",
    "edit_merge",
    "household_call",
    "household_close",
    "household_create",
    "household_move",
    "household_reopen",
    "household_reveal",
    "household_update",
    "households_create",
    "people_lock",
    "person_call",
    "person_create",
    "person_ensure",
    "person_move",
    "person_reveal",
    "person_update",
]
