"""What an item speaks of must exist and lie in the sender's cells; missing and forbidden are answered alike.

What is referred to is fetched by `known`. See docs/sync.md, "References".
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.conf import settings
from msgspec import UNSET
from msgspec.structs import astuple

from backend.core import clock
from backend.core.errors import ErrorCode
from backend.health.selectors import monitored_on
from backend.residents.choices import Purpose
from backend.residents.rules import PersonInput, household_problem, person_problem
from backend.residents.selectors import HouseholdRef
from backend.sync.choices import ItemKind
from backend.sync.handing import answer_place, offer_place
from backend.sync.inputs import household_input
from backend.sync.intake import Incoming
from backend.sync.known import Known
from backend.sync.referrals import referral_place
from backend.sync.shapes import (
    CheckBody,
    ConflictChoiceBody,
    EditBody,
    HouseholdBody,
    HouseholdEditBody,
    PersonEditBody,
    ReturneeBody,
    VisitBody,
)


def resolve(items: Sequence[Incoming], known: Known) -> None:
    """Give every item its cell and place, or reject it with the code that says what is missing."""
    of_kind: dict[str, list[Incoming]] = {}
    for item in items:
        of_kind.setdefault(item.kind, []).append(item)
    for kind, resolver in _RESOLVERS.items():
        for item in of_kind.get(kind, ()):
            resolver(item, known)
    _require_monitoring([item for item in of_kind.get(ItemKind.CHECK, ()) if item.open], known)


def _household(item: Incoming, known: Known) -> None:
    body = item.body
    assert isinstance(body, HouseholdBody)
    if body.region not in known.cells or not known.within(ItemKind.HOUSEHOLD, _day(item), body.region):
        return item.reject(ErrorCode.UNKNOWN_REGION, "body.region")
    if body.household in known.households or body.household in known.new_households:
        return item.reject(ErrorCode.ID_REUSED, "body.household")
    if problem := household_problem(household_input(body), demo=settings.DEMO_MODE):
        return item.reject(problem[0], f"body.{problem[1]}")
    region = known.cells[body.region]
    household = HouseholdRef(body.household, region, (), body.address, body.building, body.unit, body.door)
    item.region_code, item.place = region, household.place
    known.new_households[body.household] = household
    return None


def _returnee(item: Incoming, known: Known) -> None:
    body = item.body
    assert isinstance(body, ReturneeBody)
    if body.region not in known.cells or not known.within(ItemKind.RETURNEE, _day(item), body.region):
        return item.reject(ErrorCode.UNKNOWN_REGION, "body.region")
    region = known.cells[body.region]
    person = PersonInput(
        id=body.person, region_code=region, name=body.name, purpose=Purpose.RETURNEE.value,
        document_type=body.document_type, document_number=body.document_number, phone=body.phone,
        household_id=body.household, address=body.address,
    )  # fmt: skip
    if problem := person_problem(person, demo=settings.DEMO_MODE, today=clock.today()):
        return item.reject(problem[0], f"body.{problem[1]}")
    place = body.address
    if body.household is not None:
        found = _find_household(body.household, known, ItemKind.RETURNEE, _day(item))
        if found is None:
            return item.reject(ErrorCode.UNKNOWN_HOUSEHOLD, "body.household")
        place = found.place
    item.region_code, item.place = region, place
    known.new_people[body.person] = known.new_returnees[item.id] = (region, place)
    return None


def _edit(item: Incoming, known: Known) -> None:
    body = item.body
    assert isinstance(body, EditBody)
    if all(value is UNSET for value in astuple(body.changes)):
        return item.reject(ErrorCode.MISSING_FIELD, "body.changes")
    day = _day(item)
    match body:
        case HouseholdEditBody():
            household = _find_household(body.household, known, ItemKind.HOUSEHOLD_EDIT, day)
            if household is None:
                return item.reject(ErrorCode.UNKNOWN_HOUSEHOLD, "body.household")
            target, found = body.household, (household.region_code, household.place)
        case PersonEditBody():
            person = _find_person(body.person, known, ItemKind.PERSON_EDIT, day)
            if person is None:
                return item.reject(ErrorCode.UNKNOWN_PERSON, "body.person")
            target, found = known.people[body.person].id if body.person in known.people else body.person, person
        case _:
            returnee = _find_returnee(body.returnee, known, day)
            if returnee is None:
                return item.reject(ErrorCode.UNKNOWN_RETURNEE, "body.returnee")
            target, found = returnee
    item.target = (item.kind, target)
    item.region_code, item.place = found
    return None


def _choice(item: Incoming, known: Known) -> None:
    body = item.body
    assert isinstance(body, ConflictChoiceBody)
    conflict = known.conflicts.get(body.conflict)
    if conflict is None or not (
        conflict.author_id == known.user.pk or known.within(ItemKind(conflict.kind), _day(item), conflict.region_code)
    ):
        return item.reject(ErrorCode.UNKNOWN_CONFLICT, "body.conflict")
    item.target = (conflict.kind, conflict.target)
    item.region_code, item.place = conflict.region_code, conflict.place
    return None


def _visit(item: Incoming, known: Known) -> None:
    body = item.body
    assert isinstance(body, VisitBody)
    found = _find_household(body.household, known, ItemKind.VISIT, _day(item))
    if found is None:
        return item.reject(ErrorCode.UNKNOWN_HOUSEHOLD, "body.household")
    for index, seen in enumerate(body.people):
        if seen.person and _find_person(seen.person, known, ItemKind.VISIT, _day(item)) is None:
            return item.reject(ErrorCode.UNKNOWN_PERSON, f"body.people[{index}].person")
    item.region_code = found.region_code
    if body.people:
        item.place = found.place
    return None


def _check(item: Incoming, known: Known) -> None:
    body = item.body
    assert isinstance(body, CheckBody)
    found = _find_person(body.person, known, ItemKind.CHECK, _day(item))
    if found is None:
        return item.reject(ErrorCode.UNKNOWN_PERSON, "body.person")
    item.region_code, item.place = found
    return None


#: In the order of storing: what registers bring, visits and checks may speak of.
_RESOLVERS = {
    ItemKind.HOUSEHOLD.value: _household,
    ItemKind.RETURNEE.value: _returnee,
    ItemKind.HOUSEHOLD_EDIT.value: _edit,
    ItemKind.PERSON_EDIT.value: _edit,
    ItemKind.RETURNEE_EDIT.value: _edit,
    ItemKind.CONFLICT_CHOICE.value: _choice,
    ItemKind.HANDOVER.value: offer_place,
    ItemKind.HANDOVER_ANSWER.value: answer_place,
    ItemKind.REFERRAL.value: referral_place,
    ItemKind.VISIT.value: _visit,
    ItemKind.CHECK.value: _check,
}


def _day(item: Incoming) -> dt.date:
    return item.placed.business_day


def _find_household(household: uuid.UUID, known: Known, kind: ItemKind, day: dt.date) -> HouseholdRef | None:
    """A household in the sender's cells, or once in them: a late write follows the household.

    Cells that were the sender's on the day of the record count: he moved on, his records stay.
    """
    if known.new_households and household in known.new_households:
        return known.new_households[household]
    found = known.households.get(household)
    if found is None:
        return None
    if known.within(kind, day, found.region_code, found.previous_codes):
        return found
    return found if known.was_offered(kind, day, found.id) else None


def _find_person(person: uuid.UUID, known: Known, kind: ItemKind, day: dt.date) -> tuple[str, str] | None:
    """`(cell now, place)` of a person in the sender's cells, or once in them.

    Who is on record is looked up there: a registration in the same batch that names a stranger's id, and will be sent
    back for it, makes him nobody's.
    """
    ref = known.people.get(person)
    if ref is None:
        return known.new_people.get(person)
    within = known.within(kind, day, ref.region_code, ref.previous_codes)
    if not within and not known.was_offered(kind, day, ref.id, ref.household_id):
        return None
    return ref.region_code, ref.place


def _find_returnee(returnee: uuid.UUID, known: Known, day: dt.date) -> tuple[uuid.UUID, tuple[str, str]] | None:
    """`(the row that goes on, (cell now, place))` of a return in the sender's cells, or once in them."""
    ref = known.returnees.get(returnee)
    if ref is None:
        return (returnee, known.new_returnees[returnee]) if returnee in known.new_returnees else None
    within = known.within(ItemKind.RETURNEE_EDIT, day, ref.region_code, ref.previous_codes)
    return (ref.id, (ref.region_code, ref.place)) if within else None


def _require_monitoring(checks: list[Incoming], known: Known) -> None:
    asked = [
        (item.body.person, item.placed.business_day)
        for item in checks
        if isinstance(item.body, CheckBody) and item.body.person not in known.new_people
    ]
    if not asked:
        return
    monitored = monitored_on(asked)
    for item in checks:
        assert isinstance(item.body, CheckBody)
        pair = (item.body.person, item.placed.business_day)
        # A doubtful time says nothing about the day; the record is kept, out of figures, until it is confirmed.
        if item.body.person not in known.new_people and pair not in monitored and not item.placed.doubtful:
            item.reject(ErrorCode.NOT_UNDER_MONITORING, "body.person")
