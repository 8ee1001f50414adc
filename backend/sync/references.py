"""What an item speaks of must exist and lie in the sender's cells; missing and forbidden are answered alike.

One query per kind of thing referred to, however many items. See docs/sync.md, "References".
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence

from django.conf import settings
from msgspec import UNSET
from msgspec.structs import astuple

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.core import clock
from backend.core.errors import ErrorCode
from backend.core.scope import Scope
from backend.health.selectors import monitored_on
from backend.regions.choices import Level
from backend.regions.models import Region
from backend.residents.choices import Purpose
from backend.residents.rules import PersonInput, household_problem, person_problem
from backend.residents.selectors import HouseholdRef, PersonRef, households_by_id, people_by_id
from backend.returnees.selectors import ReturneeRef, returnees_by_id
from backend.sync.choices import ItemKind
from backend.sync.inputs import household_input
from backend.sync.intake import Incoming
from backend.sync.models import EditConflict
from backend.sync.shapes import (
    CheckBody,
    ConflictChoiceBody,
    EditBody,
    HouseholdBody,
    HouseholdEditBody,
    PersonEditBody,
    ReturneeBody,
    ReturneeEditBody,
    VisitBody,
)

CAPABILITY_OF = {
    ItemKind.HOUSEHOLD: Capability.HOUSEHOLD_EDIT,
    ItemKind.RETURNEE: Capability.RETURNEE_REGISTER,
    ItemKind.HOUSEHOLD_EDIT: Capability.HOUSEHOLD_EDIT,
    ItemKind.PERSON_EDIT: Capability.HOUSEHOLD_EDIT,
    ItemKind.RETURNEE_EDIT: Capability.RETURNEE_REGISTER,
    ItemKind.VISIT: Capability.VISIT_RECORD,
    ItemKind.CHECK: Capability.CHECK_RECORD,
}


class _Known:
    """What the items of one batch refer to, fetched at once, plus what the batch itself brings."""

    def __init__(self, items: Sequence[Incoming], user: User) -> None:
        households: set[uuid.UUID] = set()
        people: set[uuid.UUID] = set()
        cells: set[str] = set()
        returnees: set[uuid.UUID] = set()
        conflicts: set[uuid.UUID] = set()
        for item in items:
            match item.body:
                case VisitBody() as body:
                    households.add(body.household)
                    people.update(seen.person for seen in body.people if seen.person)
                case CheckBody() as body:
                    people.add(body.person)
                case HouseholdBody() as body:
                    households.add(body.household)
                    cells.add(body.region)
                case ReturneeBody() as body:
                    people.add(body.person)
                    cells.add(body.region)
                    if body.household:
                        households.add(body.household)
                case HouseholdEditBody() as body:
                    households.add(body.household)
                case PersonEditBody() as body:
                    people.add(body.person)
                case ReturneeEditBody() as body:
                    returnees.add(body.returnee)
                case ConflictChoiceBody() as body:
                    conflicts.add(body.conflict)
        self.households: dict[uuid.UUID, HouseholdRef] = households_by_id(households) if households else {}
        self.people: dict[uuid.UUID, PersonRef] = people_by_id(people) if people else {}
        self.returnees: dict[uuid.UUID, ReturneeRef] = returnees_by_id(returnees) if returnees else {}
        self.conflicts = {c.pk: c for c in EditConflict.objects.filter(pk__in=conflicts)} if conflicts else {}
        self.cells = (
            set(Region.objects.filter(code__in=cells, level=Level.GRID, valid_to=None).values_list("code", flat=True))
            if cells
            else set()
        )
        self.user = user
        scopes = {capability: user.scope(capability) for capability in set(CAPABILITY_OF.values())}
        self.scope: dict[ItemKind, Scope] = {kind: scopes[cap] for kind, cap in CAPABILITY_OF.items()}
        self.new_households: dict[uuid.UUID, HouseholdRef] = {}
        self.new_people: dict[uuid.UUID, tuple[str, str]] = {}
        self.new_returnees: dict[uuid.UUID | None, tuple[str, str]] = {}

    def within(self, kind: ItemKind, day: dt.date, codes: Iterable[str]) -> bool:
        """Whether one of `codes` lies in the sender's cells, or did on the day the record was made."""
        codes = tuple(codes)
        if any(map(self.scope[kind].covers, codes)):
            return True
        return any(map(self.user.scope_on(CAPABILITY_OF[kind], day).covers, codes))


def resolve(items: Sequence[Incoming], *, user: User) -> None:
    """Give every item its cell and place, or reject it with the code that says what is missing."""
    if not items:
        return
    known = _Known(items, user)
    of_kind: dict[str, list[Incoming]] = {}
    for item in items:
        of_kind.setdefault(item.kind, []).append(item)
    for kind, resolver in _RESOLVERS.items():
        for item in of_kind.get(kind, ()):
            resolver(item, known)
    _require_monitoring([item for item in of_kind.get(ItemKind.CHECK, ()) if item.open], known)


def _household(item: Incoming, known: _Known) -> None:
    body = item.body
    assert isinstance(body, HouseholdBody)
    if body.region not in known.cells or not known.within(ItemKind.HOUSEHOLD, _day(item), [body.region]):
        return item.reject(ErrorCode.UNKNOWN_REGION, "body.region")
    if body.household in known.households or body.household in known.new_households:
        return item.reject(ErrorCode.ID_REUSED, "body.household")
    if problem := household_problem(household_input(body), demo=settings.DEMO_MODE):
        return item.reject(problem[0], f"body.{problem[1]}")
    household = HouseholdRef(body.household, body.region, (), body.address, body.building, body.unit, body.door)
    item.region_code, item.place = body.region, household.place
    known.new_households[body.household] = household
    return None


def _returnee(item: Incoming, known: _Known) -> None:
    body = item.body
    assert isinstance(body, ReturneeBody)
    if body.region not in known.cells or not known.within(ItemKind.RETURNEE, _day(item), [body.region]):
        return item.reject(ErrorCode.UNKNOWN_REGION, "body.region")
    person = PersonInput(
        id=body.person, region_code=body.region, name=body.name, purpose=Purpose.RETURNEE.value,
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
    item.region_code, item.place = body.region, place
    known.new_people[body.person] = known.new_returnees[item.id] = (body.region, place)
    return None


def _edit(item: Incoming, known: _Known) -> None:
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


def _choice(item: Incoming, known: _Known) -> None:
    body = item.body
    assert isinstance(body, ConflictChoiceBody)
    conflict = known.conflicts.get(body.conflict)
    if conflict is None or not (
        conflict.author_id == known.user.pk or known.within(ItemKind(conflict.kind), _day(item), [conflict.region_code])
    ):
        return item.reject(ErrorCode.UNKNOWN_CONFLICT, "body.conflict")
    item.target = (conflict.kind, conflict.target)
    item.region_code, item.place = conflict.region_code, conflict.place
    return None


def _visit(item: Incoming, known: _Known) -> None:
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


def _check(item: Incoming, known: _Known) -> None:
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
    ItemKind.VISIT.value: _visit,
    ItemKind.CHECK.value: _check,
}


def _day(item: Incoming) -> dt.date:
    return item.placed.business_day


def _find_household(household: uuid.UUID, known: _Known, kind: ItemKind, day: dt.date) -> HouseholdRef | None:
    """A household in the sender's cells, or once in them: a late write follows the household.

    Cells that were the sender's on the day of the record count: he moved on, his records stay.
    """
    if known.new_households and household in known.new_households:
        return known.new_households[household]
    found = known.households.get(household)
    if found is None:
        return None
    return found if known.within(kind, day, (found.region_code, *found.previous_codes)) else None


def _find_person(person: uuid.UUID, known: _Known, kind: ItemKind, day: dt.date) -> tuple[str, str] | None:
    """`(cell now, place)` of a person in the sender's cells, or once in them.

    Who is on record is looked up there: a registration in the same batch that names a stranger's id, and will be sent
    back for it, makes him nobody's.
    """
    ref = known.people.get(person)
    if ref is None:
        return known.new_people.get(person)
    return (ref.region_code, ref.place) if known.within(kind, day, (ref.region_code, *ref.previous_codes)) else None


def _find_returnee(returnee: uuid.UUID, known: _Known, day: dt.date) -> tuple[uuid.UUID, tuple[str, str]] | None:
    """`(the row that goes on, (cell now, place))` of a return in the sender's cells, or once in them."""
    ref = known.returnees.get(returnee)
    if ref is None:
        return (returnee, known.new_returnees[returnee]) if returnee in known.new_returnees else None
    within = known.within(ItemKind.RETURNEE_EDIT, day, (ref.region_code, *ref.previous_codes))
    return (ref.id, (ref.region_code, ref.place)) if within else None


def _require_monitoring(checks: list[Incoming], known: _Known) -> None:
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
