"""What the items of one batch speak of, fetched at once: one query per kind of thing, however many items."""

import datetime as dt
import uuid
from collections.abc import Sequence

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.core import clock
from backend.core.scope import Scope
from backend.core.sql import Question
from backend.regions.selectors import cells_in_use
from backend.residents.choices import HandOverState
from backend.residents.models import HandOver
from backend.residents.selectors import (
    HouseholdRef,
    PersonRef,
    handovers_offered,
    households_asked,
    people_by_id,
)
from backend.returnees.selectors import ReturneeRef, returnees_by_id
from backend.sync.choices import ItemKind
from backend.sync.intake import Incoming
from backend.sync.ledger import Entry, entries_asked
from backend.sync.models import EditConflict
from backend.sync.shapes import (
    Body,
    CheckBody,
    ConflictChoiceBody,
    HandoverAnswerBody,
    HandoverBody,
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
    ItemKind.HANDOVER: Capability.HOUSEHOLD_EDIT,
    ItemKind.HANDOVER_ANSWER: Capability.HOUSEHOLD_EDIT,
    ItemKind.VISIT: Capability.VISIT_RECORD,
    ItemKind.CHECK: Capability.CHECK_RECORD,
}
#: What was offered to a cell counts as its own for records of its workers, as former cells do.
_OFFERED_FOR = dt.timedelta(days=31)
#: Facts are true whatever became of the offer; the register is changed by who may still take it over.
_FACTS = (ItemKind.VISIT, ItemKind.CHECK)


class _ScopeOfKind(dict[ItemKind, Scope]):
    """Where the sender may bring items of a kind, worked out for the kinds that occur."""

    def __init__(self, user: User) -> None:
        self._user = user

    def __missing__(self, kind: ItemKind) -> Scope:
        scope = self[kind] = self._user.scope(CAPABILITY_OF[kind])
        return scope


class Named:
    """Ids and codes that the items of a batch name, by what they are of."""

    def __init__(self, items: Sequence[Incoming]) -> None:
        self.households: set[uuid.UUID] = set()
        self.people: set[uuid.UUID] = set()
        self.cells: set[str] = set()
        self.returnees: set[uuid.UUID] = set()
        self.conflicts: set[uuid.UUID] = set()
        self.handovers: set[uuid.UUID] = set()
        for item in items:
            self._note(item.body)

    def _note(self, body: Body | None) -> None:
        match body:
            case VisitBody():
                self.households.add(body.household)
                self.people.update([seen.person for seen in body.people if seen.person])
            case CheckBody():
                self.people.add(body.person)
            case HouseholdBody():
                self.households.add(body.household)
                self.cells.add(body.region)
            case ReturneeBody():
                self.people.add(body.person)
                self.cells.add(body.region)
                self.households.update(filter(None, [body.household]))
            case HouseholdEditBody():
                self.households.add(body.household)
            case PersonEditBody():
                self.people.add(body.person)
            case ReturneeEditBody():
                self.returnees.add(body.returnee)
            case ConflictChoiceBody():
                self.conflicts.add(body.conflict)
            case HandoverBody():
                self.households.update(filter(None, [body.household]))
                self.people.update(filter(None, [body.person]))
            case HandoverAnswerBody():
                self.handovers.add(body.handover)


#: What is asked of every batch before anything of it is judged: the ledger's entries, and the households it names.
Questions = tuple[Question[list[Entry]], Question[dict[uuid.UUID, HouseholdRef]]]
Found = tuple[list[Entry], dict[uuid.UUID, HouseholdRef]]


def first_questions(items: Sequence[Incoming], named: Named) -> Questions:
    """What is asked first: in one way there and back, whoever asks something else along with it."""
    return entries_asked(items), households_asked(named.households)


class Known:
    """What the items of one batch refer to, plus what the batch itself brings; and what the ledger holds of them.

    `found` are the answers to `first_questions`.
    """

    def __init__(self, named: Named, user: User, found: Found) -> None:
        people, cells, returnees = named.people, named.cells, named.returnees
        conflicts, handovers = named.conflicts, named.handovers
        self.entries, self.households = found
        self.people: dict[uuid.UUID, PersonRef] = people_by_id(people) if people else {}
        self.returnees: dict[uuid.UUID, ReturneeRef] = returnees_by_id(returnees) if returnees else {}
        self.conflicts = {c.pk: c for c in EditConflict.objects.filter(pk__in=conflicts)} if conflicts else {}
        self.handovers = {h.pk: h for h in HandOver.objects.filter(pk__in=handovers)} if handovers else {}
        #: Cells that registrations name, and what each is now: one that was merged into another is that other.
        self.cells: dict[str, str] = cells_in_use(cells) if cells else {}
        self.user = user
        self.scope = _ScopeOfKind(user)
        self.new_households: dict[uuid.UUID, HouseholdRef] = {}
        self.new_people: dict[uuid.UUID, tuple[str, str]] = {}
        self.new_returnees: dict[uuid.UUID | None, tuple[str, str]] = {}
        self.new_handovers: dict[uuid.UUID, HandOver] = {}
        self._offered: dict[uuid.UUID, list[tuple[str, str]]] | None = None

    def within(self, kind: ItemKind, day: dt.date, code: str, former: Sequence[str] = ()) -> bool:
        """Whether `code` or one of the `former` lies in the sender's cells, or did on the day the record was made."""
        scope = self.scope[kind]
        if scope.covers(code):
            return True
        codes = (code, *former)
        return any(map(scope.covers, codes)) or any(map(self.user.scope_on(CAPABILITY_OF[kind], day).covers, codes))

    def was_offered(self, kind: ItemKind, day: dt.date, *subjects: uuid.UUID | None) -> bool:
        """Whether one of these households or people was lately offered to the sender's cells.

        Who accepted on a phone without network works there already. One query, when first asked.
        """
        if self._offered is None:
            homes = {person.household_id for person in self.people.values() if person.household_id}
            self._offered = handovers_offered(
                households=homes | set(self.households), people={person.id for person in self.people.values()},
                since=clock.now() - _OFFERED_FOR,
            )  # fmt: skip
        offers = [offer for subject in subjects if subject for offer in self._offered.get(subject, ())]
        open_to = [to for to, state in offers if kind in _FACTS or state == HandOverState.OFFERED]
        return any(self.reaches(kind, day, to) for to in open_to)

    def reaches(self, kind: ItemKind, day: dt.date, region: str) -> bool:
        """As `within`; a village reaches who works in one of its cells."""
        if self.within(kind, day, region):
            return True
        scopes = (self.scope[kind], self.user.scope_on(CAPABILITY_OF[kind], day))
        return any(code.startswith(region) for scope in scopes for code in scope)
