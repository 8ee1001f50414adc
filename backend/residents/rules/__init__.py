"""Pure decisions about documents, phones, names and doors. No ORM; see the modules for the contracts."""

from backend.residents.rules.documents import (
    DocumentReading,
    check_digit,
    document_problem,
    normalise_document,
    read_id_card,
)
from backend.residents.rules.inputs import HouseholdInput, PersonInput, household_problem, person_problem
from backend.residents.rules.masking import last4, mask_document, mask_name, mask_phone
from backend.residents.rules.phones import DEMO_PHONE_PREFIX, normalise_phone, phone_problem
from backend.residents.rules.places import place_text, query_terms, search_text, walking_key

__all__ = [
    "DEMO_PHONE_PREFIX",
    "DocumentReading",
    "HouseholdInput",
    "PersonInput",
    "check_digit",
    "document_problem",
    "household_problem",
    "last4",
    "mask_document",
    "mask_name",
    "mask_phone",
    "normalise_document",
    "normalise_phone",
    "person_problem",
    "phone_problem",
    "place_text",
    "query_terms",
    "read_id_card",
    "search_text",
    "walking_key",
]
