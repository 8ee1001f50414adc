"""Reads of returnees: the list of who is present, masked. Duty A3."""

import re
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from backend.core.errors import ApiError, ErrorCode
from backend.core.scope import Scope, ancestors
from backend.core.sql import fetch
from backend.regions.models import Region
from backend.residents.rules import place_text, query_terms
from backend.returnees.choices import ReturneeState
from backend.returnees.models import Returnee

#: So many digits in a row are a telephone or document number, and such things never stand in an address line.
_NUMBER = re.compile(r"\d{7}")
_SURNAME = re.compile(r"[^\W\d_]\*?")


class ReturneeRef(NamedTuple):
    """What an edit needs of a return: the row that goes on, its cell and those before, the door."""

    id: uuid.UUID
    region_code: str
    previous_codes: tuple[str, ...]
    place: str


# A hand-over, or a leaving taken back, goes on in another row that names the one before.
_BY_ID = """
    WITH RECURSIVE line AS (
        SELECT r.id AS asked, r.id, r.region_code, r.person_id, '{}'::text[] COLLATE "C" AS before, 0 AS step
        FROM returnees_returnee r WHERE r.id = ANY(%s::uuid[])
        UNION ALL
        SELECT l.asked, r.id, r.region_code, r.person_id, l.before || l.region_code::text, l.step + 1
        FROM line l JOIN returnees_returnee r ON r.person_id = l.person_id AND r.continues_id = l.id
    )
    SELECT DISTINCT ON (l.asked) l.asked, l.id, l.region_code, l.before || p.previous_codes::text[], p.household_id,
           p.address, h.address, h.building, h.unit, h.door
    FROM line l JOIN residents_person p ON p.id = l.person_id
    LEFT JOIN residents_household h ON h.id = p.household_id
    ORDER BY l.asked, l.step DESC, l.id DESC
"""


def returnees_by_id(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, ReturneeRef]:
    """The returns among `ids`, keyed by the id asked for, unscoped, in one query; unknown ids are absent."""
    wanted = list(ids)
    if not wanted:
        return {}
    return {
        row[0]: ReturneeRef(
            row[1], row[2], tuple(row[3]), row[5] if row[4] is None else place_text(row[6], row[7], row[8], row[9])
        )
        for row in fetch(_BY_ID, [wanted])
    }


@dataclass(frozen=True)
class ReturneePage:
    """A page of returnees, how many there are in all, and the names of the regions that occur in it."""

    count: int
    rows: list[Returnee]
    names: dict[str, str]


def returnees_page(rows: QuerySet[Returnee], *, limit: int, offset: int) -> ReturneePage:
    """One page of `returnees_found`. Three queries."""
    page = list(rows[offset : offset + limit])
    return ReturneePage(rows.count(), page, _names(page))


def returnees_found(
    scope: Scope, *, state: ReturneeState | None = None, q: str = "", people: set[uuid.UUID] | None = None
) -> QuerySet[Returnee]:
    """Returnees in `scope`, the latest registration first.

    `q` is a surname, the last four digits of a phone, a piece of the origin, or pieces of the address (`3-2-501`).
    A whole phone or document number is refused (BAD_FIELD): what stands in an address line is written down on its way.
    `people` narrows the list to those persons.
    """
    rows = Returnee.objects.within(scope).select_related("person", "person__household", "person__code_status")
    if state is not None:
        rows = rows.filter(state=state)
    if people is not None:
        rows = rows.filter(person__in=people)
    if q.strip():
        rows = rows.filter(_search(q.strip()))
    return rows.order_by("-registered_at", "-id")


def returnee_visible(user: Any, returnee_id: uuid.UUID, capability: str) -> ReturneePage:
    """The one returnee `returnee_id`, as a page, if `user` holds `capability` there. Raises NOT_FOUND otherwise."""
    rows = list(returnees_found(user.scope(capability)).filter(pk=returnee_id))
    if not rows:
        raise ApiError(ErrorCode.NOT_FOUND)
    return ReturneePage(1, rows, _names(rows))


def returnees_words(household_ids: Collection[uuid.UUID], person_ids: Collection[uuid.UUID]) -> str:
    """How many of these people are returnees who are here, as a phrase; "" for none. One query."""
    count = Returnee.objects.filter(person__in=person_ids, state=ReturneeState.PRESENT).count()
    return f"{count} 名返乡人员" if count else ""


def _search(text: str) -> Q:
    if _NUMBER.search(text):
        raise ApiError(ErrorCode.BAD_FIELD, field="q")
    door = Q()
    for term in query_terms(text):
        door &= Q(person__household__search_text__contains=term) | Q(person__address__contains=term)
    found = Q(origin_text__contains=text) | (door if door else Q(pk__in=()))
    if _SURNAME.fullmatch(text):
        found |= Q(person__name_masked__startswith=text[0])
    if len(text) == 4 and text.isdecimal():
        found |= Q(person__phone_last4=text)
    return found


def _names(rows: Iterable[Returnee]) -> dict[str, str]:
    """Names of the cells and villages of `rows`, and of the regions they came from. Pseudo levels have none."""
    wanted: set[str] = set()
    for row in rows:
        wanted.update((row.region_code, row.region_code[:12]))
        wanted.update(ancestors(row.origin_code) if row.origin_code else ())
    return dict(Region.objects.real().filter(code__in=wanted).values_list("code", "name"))
