"""Reads of households and people. Everything here is masked; only `services.*_reveal` opens a seal."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Set
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db.models import Q

from backend.accounts.choices import Capability
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import is_region_code
from backend.core.keyring import blind_index, unseal
from backend.core.scope import Scope
from backend.core.sql import Question, Rows, answer, fetch
from backend.regions.choices import Level
from backend.regions.models import Region
from backend.regions.selectors import region_names
from backend.residents.choices import DocumentType
from backend.residents.listeners import belongings_of
from backend.residents.models import HandOver, Household, HouseholdQuerySet, Person
from backend.residents.rules import (
    normalise_document,
    normalise_phone,
    origin_key,
    phone_problem,
    place_key,
    place_label,
    place_text,
    query_terms,
)

#: Names under which blind indexes are kept; one per kind of value, shared by all tables.
PHONE_INDEX = "phone"
DOCUMENT_INDEX = "document"
#: Columns of sealed notes.
OFFER_NOTE = "handover.note"
ANSWER_NOTE = "handover.answer_note"


class HouseholdRef(msgspec.Struct, frozen=True, array_like=True):
    """What a record needs of its household: the cell now, the cells before, the door. Closed households included."""

    id: uuid.UUID
    region_code: str
    previous_codes: tuple[str, ...]
    address: str
    building: str
    unit: str
    door: str

    @property
    def place(self) -> str:
        """The door in words."""
        return place_text(self.address, self.building, self.unit, self.door)


class PersonRef(NamedTuple):
    """What a record needs of its person. `id` is the person on record, where an alias was asked for."""

    id: uuid.UUID
    region_code: str
    household_id: uuid.UUID | None
    place: str
    previous_codes: tuple[str, ...]


# PostgreSQL expects as many of a JSON list whatever its length and keeps the plan; for an array it plans every time.
# Expecting a hundred it would read a small register from end to end for one id; behind LIMIT it looks each up.
_HOUSEHOLDS = """
    SELECT coalesce(
        json_agg(json_build_array(h.id, region_code, previous_codes, address, building, unit, door)), '[]'
    )::text
    FROM json_array_elements_text(%(households)s::json) AS asked(id)
    CROSS JOIN LATERAL (SELECT * FROM residents_household WHERE id = asked.id::uuid LIMIT 1) h
"""
_HOUSEHOLD_ROWS = msgspec.json.Decoder(list[HouseholdRef])
# A phone may have made its own id for somebody who was on record already: that id stays an alias of the person.
_PEOPLE = """
    SELECT asked.id, p.id, p.region_code, p.household_id, p.previous_codes, p.address,
           h.address, h.building, h.unit, h.door
    FROM unnest(%s::uuid[]) AS asked(id)
    LEFT JOIN residents_personalias a ON a.id = asked.id
    JOIN residents_person p ON p.id = coalesce(a.person_id, asked.id)
    LEFT JOIN residents_household h ON h.id = p.household_id
"""


def households_by_id(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, HouseholdRef]:
    """The households among `ids`, unscoped, in one query; unknown ids are absent. The upload path calls this."""
    wanted = list(ids)
    return answer(households_asked(wanted)) if wanted else {}


def households_asked(ids: Collection[uuid.UUID]) -> Question[dict[uuid.UUID, HouseholdRef]]:
    """`households_by_id` as a question that can be asked together with another."""
    # One value in and one out: hundreds of ids and rows are adapted by two calls of compiled code.
    return Question(_HOUSEHOLDS, {"households": msgspec.json.encode(list(ids)).decode()}, _read_households)


def _read_households(rows: Rows) -> dict[uuid.UUID, HouseholdRef]:
    [(found,)] = rows
    return {household.id: household for household in _HOUSEHOLD_ROWS.decode(found)} if found else {}


def people_by_id(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, PersonRef]:
    """The people among `ids`, keyed by the id asked for, unscoped, in one query; unknown ids are absent."""
    wanted = list(ids)
    if not wanted:
        return {}
    return {
        row[0]: PersonRef(
            row[1],
            row[2],
            row[3],
            row[5] if row[3] is None else place_text(row[6], row[7], row[8], row[9]),
            tuple(row[4]),
        )
        for row in fetch(_PEOPLE, [wanted])
    }


def phone_digest(phone: str) -> bytes:
    """The blind index of a telephone number, whatever its spelling."""
    return blind_index(normalise_phone(phone), column=PHONE_INDEX)


def document_digest(kind: str, number: str) -> bytes:
    """The blind index of a document; the old and the new form of an identity number give the same."""
    return blind_index(f"{kind}:{normalise_document(kind, number)}", column=DOCUMENT_INDEX)


def document_area_unknown(kind: str, number: str) -> bool:
    """Whether the area part of an identity number names no county in force. It warns; it never refuses."""
    if kind != DocumentType.ID_CARD:
        return False
    area = normalise_document(kind, number)[:6]
    return not Region.objects.real().filter(code=area, level=Level.COUNTY, valid_to=None).exists()


def person_by_document(kind: str, number: str) -> Person | None:
    """The one person on record under this document, unscoped."""
    return Person.objects.filter(document_index=document_digest(kind, number)).first()


def person_visible(user: Any, person_id: uuid.UUID, capability: str) -> Person:
    """The person (or alias) `person_id`, if `user` holds `capability` where he is. Raises NOT_FOUND otherwise."""
    person = (
        Person.objects.visible_to(user, capability)
        .select_related("household")
        .filter(Q(pk=person_id) | Q(aliases=person_id))
        .first()
    )
    if person is None:
        raise ApiError(ErrorCode.NOT_FOUND)
    return person


def household_visible(user: Any, household_id: uuid.UUID, capability: str) -> Household:
    """The household `household_id`, if `user` holds `capability` there. Raises NOT_FOUND otherwise."""
    household = Household.objects.visible_to(user, capability).filter(pk=household_id).first()
    if household is None:
        raise ApiError(ErrorCode.NOT_FOUND)
    return household


def households_found(user: Any, capability: str, *, region: str = "", q: str = "") -> HouseholdQuerySet:
    """Open households of `user`'s scope below `region`, in walking order, that match `q`.

    `q` is pieces of address and door such as `3-2-501`, every one of which must occur. Names are not searchable, and a
    telephone number is refused: `q` travels in addresses, which end up in logs; `phone_owners` takes it from a body.
    Raises BAD_REGION_CODE, BAD_FIELD.
    """
    found = Household.objects.visible_to(user, capability).open()
    if region:
        if not is_region_code(region):
            raise ApiError(ErrorCode.BAD_REGION_CODE, field="region")
        found = found.within(Scope.of([region]))
    if not phone_problem(q, demo=True):
        raise ApiError(ErrorCode.BAD_FIELD, field="q", message="请用“按电话查找”查找电话号码。")
    for term in query_terms(q):
        found = found.filter(search_text__contains=term)
    return found.order_by("region_code", "sort_key", "id")


def phone_owners(user: Any, phone: str) -> tuple[list[Household], list[Person]]:
    """Open households and people of `user`'s scope with exactly this telephone number, ten of each at most.

    Raises BAD_PHONE.
    """
    if phone_problem(phone, demo=settings.DEMO_MODE):
        raise ApiError(ErrorCode.BAD_PHONE, field="phone")
    digest = phone_digest(phone)
    households = Household.objects.visible_to(user, Capability.HOUSEHOLD_VIEW).open().filter(phone_index=digest)
    people = Person.objects.visible_to(user, Capability.PERSON_VIEW).filter(phone_index=digest)
    return list(households.order_by("id")[:10]), list(people.select_related("household").order_by("id")[:10])


def people_of(user: Any, household: Household) -> list[Person]:
    """The people on record who live in `household` and whom `user` may see."""
    people = Person.objects.visible_to(user, Capability.PERSON_VIEW).filter(household=household)
    return list(people.select_related("household").order_by("created_at", "id"))


def handover_notes(handover: HandOver) -> tuple[str, str]:
    """What the giver and who answered wrote, in the plain; empty where nothing was written. The caller checks scope."""
    pairs = ((handover.note_sealed, OFFER_NOTE), (handover.answer_note_sealed, ANSWER_NOTE))
    offer, answer = ("" if value is None else unseal(value, row=handover.pk, column=column) for value, column in pairs)
    return offer, answer


def handovers_offered(
    *, households: Iterable[uuid.UUID], people: Iterable[uuid.UUID], since: dt.datetime
) -> dict[uuid.UUID, list[tuple[str, str]]]:
    """`{household or person: [(to_region, state)]}` of what was offered since then. One query, unscoped."""
    found: dict[uuid.UUID, list[tuple[str, str]]] = {}
    rows = HandOver.objects.filter(Q(household_id__in=households) | Q(person_id__in=people), received_at__gte=since)
    for household, person, to_region, state in rows.values_list("household_id", "person_id", "to_region", "state"):
        found.setdefault(household or person, []).append((to_region, state))
    return found


def people_in(households: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """`{person: household}` of who is on record in these households, unscoped. One query."""
    rows = Person.objects.filter(household_id__in=households).values_list("pk", "household_id")
    return {person: household for person, household in rows if household}


class CellGroup(NamedTuple):
    """Households of a cell that go together when it is split: at one place, or out of one cell."""

    key: str
    label: str
    households: int


class CellPart(NamedTuple):
    """Part of a cell, or all of it, by ids: its households, those of them that are open, and the people on record."""

    households: list[uuid.UUID]
    open: list[uuid.UUID]
    people: list[uuid.UUID]

    def words(self) -> list[str]:
        """What it is, in phrases with numbers."""
        people = [f"{len(self.people)} 名登记人员"] if self.people else []
        return [f"{len(self.open)} 户住户", *people, *belongings_of(self.households, self.people)]


def cell_groups(code: str) -> list[CellGroup]:
    """Along what lines the cell can be split, in walking order; cells that were merged into it come first."""
    rows = Household.objects.open().filter(region_code=code).order_by("sort_key")
    places: dict[str, list[str]] = {}
    origins: dict[str, int] = {}
    for address, building, previous in rows.values_list("address", "building", "previous_codes"):
        places.setdefault(place_key(address, building), []).append(place_label(address, building))
        if origin := origin_key(previous):
            origins[origin] = origins.get(origin, 0) + 1
    names = region_names(origins)
    return [
        *(CellGroup(origin, f"原属 {names.get(origin, origin)} 的住户", count) for origin, count in origins.items()),
        *(CellGroup(key, labels[0], len(labels)) for key, labels in places.items()),
    ]


def part_of(code: str, *, groups: Set[str] | None = None, lock: bool = False) -> CellPart:
    """What of cell `code` lies in `groups` (all of it where None): closed households go along with the open ones.

    People without a household belong to the cell as a whole. Two queries. With `lock` both stay as they are until the
    transaction ends.
    """
    households = Household.objects.filter(region_code=code).order_by("pk")
    people = Person.objects.filter(region_code=code).order_by("pk")
    if lock:
        households, people = households.select_for_update(no_key=True), people.select_for_update(no_key=True)
    rows = households.values_list("pk", "closed_at", "address", "building", "previous_codes")
    chosen = [
        (pk, closed_at)
        for pk, closed_at, address, building, previous in rows
        if groups is None or place_key(address, building) in groups or origin_key(previous) in groups
    ]
    ids = [pk for pk, _ in chosen]
    if groups is not None:
        people = people.filter(household__in=ids)
    return CellPart(
        ids, [pk for pk, closed_at in chosen if closed_at is None], list(people.values_list("pk", flat=True))
    )
