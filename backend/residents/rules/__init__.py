"""Pure decisions about documents, phones, names and doors. No ORM; see the modules for the contracts."""

from backend.residents.rules.documents import (
    DocumentReading,
    check_digit,
    document_problem,
    normalise_document,
    read_id_card,
)
from backend.residents.rules.edits import EditOrigin, FieldMark, Marks, Merge, marked, merge
from backend.residents.rules.groups import origin_key, place_key, place_label
from backend.residents.rules.handovers import Said, answer_problem, target_problem
from backend.residents.rules.inputs import (
    MAX_FLOOR,
    MAX_HEADCOUNT,
    MIN_FLOOR,
    HouseholdInput,
    PersonInput,
    household_problem,
    person_problem,
)
from backend.residents.rules.masking import last4, mask_document, mask_name, mask_phone
from backend.residents.rules.phones import DEMO_PHONE_PREFIX, normalise_phone, phone_problem
from backend.residents.rules.places import place_text, query_terms, search_text, walking_key

__all__ = [
    "DEMO_PHONE_PREFIX",
    "MAX_FLOOR",
    "MAX_HEADCOUNT",
    "MIN_FLOOR",
    "DocumentReading",
    "EditOrigin",
    "FieldMark",
    "HouseholdInput",
    "Marks",
    "Merge",
    "PersonInput",
    "Said",
    "answer_problem",
    "check_digit",
    "document_problem",
    "household_problem",
    "last4",
    "marked",
    "mask_document",
    "mask_name",
    "mask_phone",
    "merge",
    "normalise_document",
    "normalise_phone",
    "origin_key",
    "person_problem",
    "phone_problem",
    "place_key",
    "place_label",
    "place_text",
    "query_terms",
    "read_id_card",
    "search_text",
    "target_problem",
    "walking_key",
]
