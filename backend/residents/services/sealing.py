"""How personal values lie in their columns: sealed for one row and column, with blind index and last digits."""

from typing import Any

from backend.core.keyring import seal, unseal
from backend.residents.models import Household, Person
from backend.residents.rules import last4, mask_name, normalise_document, normalise_phone
from backend.residents.selectors import document_area_unknown, document_digest, phone_digest

HEAD = "household.head"
HOUSEHOLD_PHONE = "household.phone"
NAME = "person.name"
PERSON_PHONE = "person.phone"
DOCUMENT = "person.document"


def put_head(household: Household, name: str) -> None:
    """Seal the head's name (户主) into `household`, unsaved."""
    household.head_sealed = seal(name.strip(), row=household.pk, column=HEAD)
    household.head_masked = mask_name(name)


def put_phone(row: Household | Person, phone: str) -> None:
    """Seal a telephone number into `row`, unsaved; an empty one clears it."""
    if not phone:
        row.phone_sealed, row.phone_index, row.phone_last4 = None, None, ""
        return
    number = normalise_phone(phone)
    column = HOUSEHOLD_PHONE if isinstance(row, Household) else PERSON_PHONE
    row.phone_sealed = seal(number, row=row.pk, column=column)
    row.phone_index = phone_digest(number)
    row.phone_last4 = last4(number)


def put_name(person: Person, name: str) -> None:
    """Seal a person's name, unsaved."""
    person.name_sealed = seal(name.strip(), row=person.pk, column=NAME)
    person.name_masked = mask_name(name)


def put_document(person: Person, kind: str, number: str) -> None:
    """Seal a document number, unsaved; an empty one clears it."""
    person.document_type = kind
    if not number:
        person.document_sealed, person.document_index, person.document_area_unknown = None, None, False
        return
    person.document_sealed = seal(normalise_document(kind, number), row=person.pk, column=DOCUMENT)
    person.document_index = document_digest(kind, number)
    person.document_area_unknown = document_area_unknown(kind, number)


def opened(row: Any, value: bytes | memoryview | None, column: str) -> str:
    """The plain text of a sealed column; empty when there is none."""
    return "" if value is None else unseal(value, row=row.pk, column=column)
