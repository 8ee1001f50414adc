"""The only writers of households, people and sealed blobs. See docs/privacy.md."""

from backend.residents.rules import HouseholdInput, PersonInput
from backend.residents.services.blobs import blob_expire, blob_open, blob_seal, blobs_purge, blobs_seal
from backend.residents.services.calls import household_call, person_call
from backend.residents.services.cells import Reshaped, cell_split, cells_merge
from backend.residents.services.edits import Clash, LateEdit, edit_mark, edit_merge, edit_part
from backend.residents.services.handovers import ANSWERS, handover_answer, handover_offer
from backend.residents.services.households import (
    household_close,
    household_create,
    household_merge,
    household_move,
    household_reopen,
    household_update,
    households_create,
)
from backend.residents.services.people import (
    households_lock,
    people_lock,
    person_create,
    person_ensure,
    person_merge,
    person_move,
    person_update,
)
from backend.residents.services.reveal import household_reveal, person_reveal, stated_purpose

__all__ = [
    "ANSWERS",
    "Clash",
    "HouseholdInput",
    "LateEdit",
    "PersonInput",
    "Reshaped",
    "blob_expire",
    "blob_open",
    "blob_seal",
    "blobs_purge",
    "blobs_seal",
    "cell_split",
    "cells_merge",
    "edit_mark",
    "edit_merge",
    "edit_part",
    "handover_answer",
    "handover_offer",
    "household_call",
    "household_close",
    "household_create",
    "household_merge",
    "household_move",
    "household_reopen",
    "household_reveal",
    "household_update",
    "households_create",
    "households_lock",
    "people_lock",
    "person_call",
    "person_create",
    "person_ensure",
    "person_merge",
    "person_move",
    "person_reveal",
    "person_update",
    "stated_purpose",
]
