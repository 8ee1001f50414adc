"""Hand-overs in an upload: offered, accepted, declined, withdrawn, on phones that may both be without network.

See docs/hand-over.md. They are taken in one order with the edits of the same records (`editing`).
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction

from backend.accounts.models import User
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import CELL_LENGTH
from backend.residents.choices import DeclineReason, HandOverReason, HandOverState
from backend.residents.models import HandOver
from backend.residents.rules import Said
from backend.residents.selectors import people_in
from backend.residents.services import handover_answer, handover_offer
from backend.sync.choices import EditKind, ItemKind
from backend.sync.intake import Incoming
from backend.sync.known import Known
from backend.sync.shapes import CheckBody, HandoverAnswerBody, HandoverBody, VisitBody
from backend.sync.storing import send_back

_NO_ID = uuid.UUID(int=0)


def offer_place(item: Incoming, known: Known) -> None:
    """Give an offer its cell, or reject it: only who is responsible now may hand over."""
    body = item.body
    assert isinstance(body, HandoverBody)
    if body.household is not None and body.person is not None:
        return item.reject(ErrorCode.BAD_FIELD, "body.person")
    if body.household is None and body.person is None:
        return item.reject(ErrorCode.MISSING_FIELD, "body.household")
    found: tuple[uuid.UUID, str, str] | None = None
    if body.household is not None:
        home = known.new_households.get(body.household) or known.households.get(body.household)
        found = (home.id, home.region_code, home.place) if home else None
    elif (person := known.people.get(body.person or _NO_ID)) is not None:
        found = (person.id, person.region_code, person.place)
    elif body.person in known.new_people:
        found = (body.person, *known.new_people[body.person])
    if found is None or not known.within(ItemKind.HANDOVER, item.placed.business_day, found[1]):
        if body.household is not None:
            return item.reject(ErrorCode.UNKNOWN_HOUSEHOLD, "body.household")
        return item.reject(ErrorCode.UNKNOWN_PERSON, "body.person")
    subject, item.region_code, item.place = found
    of_household = body.household is not None
    item.target = (_kind(of_household), subject)
    known.new_handovers[item.id or _NO_ID] = HandOver(
        household_id=subject if of_household else None, person_id=None if of_household else subject, place=item.place,
        from_region=item.region_code, to_region=body.to,
    )  # fmt: skip
    return None


def _kind(of_household: bool) -> str:
    """Hand-overs of a record stand in line with its edits."""
    return (EditKind.HOUSEHOLD if of_household else EditKind.PERSON).value


def answer_place(item: Incoming, known: Known) -> None:
    """Give an answer its cell, or reject it: the giver withdraws, a cell accepts for itself, a village for all."""
    body = item.body
    assert isinstance(body, HandoverAnswerBody)
    kind, day = ItemKind.HANDOVER_ANSWER, item.placed.business_day
    found = known.handovers.get(body.handover) or known.new_handovers.get(body.handover)
    if found is None or not (
        known.within(kind, day, found.from_region)
        if body.answer == HandOverState.WITHDRAWN
        else known.reaches(kind, day, found.to_region)
    ):
        return item.reject(ErrorCode.UNKNOWN_HANDOVER, "body.handover")
    if body.answer == HandOverState.DECLINED and not known.within(kind, day, found.to_region):
        return item.reject(ErrorCode.FORBIDDEN, "body.answer")
    cell = body.region or (found.to_region if len(found.to_region) == CELL_LENGTH else "")
    if body.answer == HandOverState.ACCEPTED and cell and not known.within(kind, day, cell):
        return item.reject(ErrorCode.UNKNOWN_REGION, "body.region")
    item.target = (_kind(found.household_id is not None), found.household_id or found.person_id or _NO_ID)
    item.region_code, item.place = found.from_region, found.place
    return None


def hand(item: Incoming, *, user: User, received_at: dt.datetime) -> HandOver | None:
    """Store one offer or answer, in the caller's transaction; the refused is sent back. What was accepted, or None."""
    assert item.id is not None
    # A time that cannot be true says nothing: what counts then is when it arrived.
    said = Said(received_at if item.placed.doubtful else item.placed.corrected_at, received_at)
    try:
        with transaction.atomic():
            match item.body:
                case HandoverBody() as body:
                    handover_offer(
                        id=item.id, household_id=body.household, person_id=body.person, to_region=body.to,
                        reason=HandOverReason(body.reason), note=body.note or "", actor=user, said=said,
                    )  # fmt: skip
                case HandoverAnswerBody() as body:
                    answered = handover_answer(
                        handover_id=body.handover, answer=HandOverState(body.answer), region=body.region or "",
                        reason=DeclineReason(body.reason) if body.reason else None, note=body.note or "", actor=user,
                        said=said,
                    )  # fmt: skip
                    return answered if body.answer == HandOverState.ACCEPTED else None
    except ApiError as error:
        send_back(item, error.code, f"body.{error.field}" if error.field else None)
    return None


def reroute(items: Sequence[Incoming], accepted: Sequence[HandOver]) -> None:
    """File the visits and checks of this upload under the cell that has just taken over whom they are of."""
    homes = {handover.household_id: handover.cell for handover in accepted if handover.household_id}
    people = {handover.person_id: handover.cell for handover in accepted if handover.person_id}
    for person, home in people_in(homes).items():
        people[person] = homes[home]
    for item in items:
        if isinstance(item.body, VisitBody) and item.body.household in homes:
            item.region_code = homes[item.body.household]
        elif isinstance(item.body, CheckBody) and item.body.person in people:
            item.region_code = people[item.body.person]
