"""What somebody writes down about a household or a person, and what is wrong with it. Their repr shows nothing."""

import datetime as dt
import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.core.errors import ErrorCode
from backend.residents.choices import Care, DocumentType, Occupancy, Purpose
from backend.residents.rules.documents import document_problem
from backend.residents.rules.phones import phone_problem

MAX_HEADCOUNT = 50
MAX_FLOOR, MIN_FLOOR = 200, -20
#: Longest texts, by field.
LENGTHS = {"address": 120, "building": 20, "unit": 10, "door": 10, "head_name": 40, "name": 40}

Problem = tuple[ErrorCode, str]


@dataclass(frozen=True, repr=False)
class HouseholdInput:
    """A household as written down. `created_at` is business time, now when None; `phone` empty when not given."""

    id: uuid.UUID
    region_code: str
    address: str
    head_name: str
    building: str = ""
    unit: str = ""
    floor: int | None = None
    door: str = ""
    headcount: int = 0
    phone: str = ""
    occupancy: str = Occupancy.OCCUPIED.value
    care: Sequence[str] = ()
    created_at: dt.datetime | None = None

    def __repr__(self) -> str:
        return f"<HouseholdInput {self.id}>"


@dataclass(frozen=True, repr=False)
class PersonInput:
    """A person as written down, with the purpose that allows it. `address` only where there is no household."""

    id: uuid.UUID
    region_code: str
    name: str
    purpose: str
    document_type: str = ""
    document_number: str = ""
    phone: str = ""
    household_id: uuid.UUID | None = None
    address: str = ""
    created_at: dt.datetime | None = None

    def __repr__(self) -> str:
        return f"<PersonInput {self.id}>"


def household_problem(item: HouseholdInput, *, demo: bool) -> Problem | None:
    """The first thing wrong with `item`, as (code, field). Region and existing ids are the caller's to check."""
    return next(_household_problems(item, demo), None)


def _household_problems(item: HouseholdInput, demo: bool) -> Iterator[Problem]:
    for field in ("address", "head_name"):
        if not getattr(item, field).strip():
            yield ErrorCode.MISSING_FIELD, field
    for field in ("address", "building", "unit", "door", "head_name"):
        if _bad_text(getattr(item, field), LENGTHS[field]):
            yield ErrorCode.BAD_FIELD, field
    if not 0 <= item.headcount <= MAX_HEADCOUNT:
        yield ErrorCode.BAD_FIELD, "headcount"
    if item.floor is not None and not MIN_FLOOR <= item.floor <= MAX_FLOOR:
        yield ErrorCode.BAD_FIELD, "floor"
    if item.occupancy not in Occupancy.values:
        yield ErrorCode.BAD_FIELD, "occupancy"
    if any(flag not in Care.values for flag in item.care) or len(set(item.care)) != len(item.care):
        yield ErrorCode.BAD_FIELD, "care"
    if item.phone and phone_problem(item.phone, demo=demo):
        yield ErrorCode.BAD_PHONE, "phone"


def person_problem(item: PersonInput, *, demo: bool, today: dt.date) -> Problem | None:
    """The first thing wrong with `item`, as (code, field). Region and household are the caller's to check."""
    return next(_person_problems(item, demo, today), None)


def _person_problems(item: PersonInput, demo: bool, today: dt.date) -> Iterator[Problem]:
    if item.purpose not in Purpose.values:
        yield ErrorCode.BAD_FIELD, "purpose"
    if not item.name.strip():
        yield ErrorCode.MISSING_FIELD, "name"
    if _bad_text(item.name, LENGTHS["name"]):
        yield ErrorCode.BAD_FIELD, "name"
    if item.household_id is None and not item.address.strip():
        yield ErrorCode.MISSING_FIELD, "address"
    if _bad_text(item.address, LENGTHS["address"]):
        yield ErrorCode.BAD_FIELD, "address"
    if bool(item.document_type) != bool(item.document_number):
        yield ErrorCode.MISSING_FIELD, "document_number" if item.document_type else "document_type"
    if item.document_type and item.document_type not in DocumentType.values:
        yield ErrorCode.BAD_FIELD, "document_type"
    if item.document_number and document_problem(item.document_type, item.document_number, today=today):
        yield ErrorCode.BAD_DOCUMENT, "document_number"
    if item.phone and phone_problem(item.phone, demo=demo):
        yield ErrorCode.BAD_PHONE, "phone"


def _bad_text(text: str, longest: int) -> bool:
    """Too long, or holding what cannot be stored or forges lines: control characters, halves of surrogate pairs."""
    return len(text) > longest or any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
