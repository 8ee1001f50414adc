"""Handing a household or a person over to another cell (移交). Principle: an acknowledged hand-over stops the giver's
clock and starts the taker's. See docs/hand-over.md.

Locks: first the cell that it goes to, as a merger does, then the household or person, then the hand-over.
"""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from backend.audit.services import audit_record
from backend.core import clock, keyring
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import CELL_LENGTH
from backend.policies.selectors import value_of
from backend.regions.models import Region
from backend.regions.selectors import cells_in_use
from backend.regions.services import cells_hold
from backend.residents.choices import DeclineReason, HandOverReason, HandOverState
from backend.residents.listeners import announce_settled
from backend.residents.models import HandOver, Household, Person
from backend.residents.rules import Said, answer_problem, target_problem
from backend.residents.selectors import ANSWER_NOTE, OFFER_NOTE
from backend.residents.services.households import cells_must_stay, household_give
from backend.residents.services.people import person_give, person_locked

ANSWERS = (HandOverState.ACCEPTED, HandOverState.DECLINED, HandOverState.WITHDRAWN)
_ACTIONS = {
    HandOverState.ACCEPTED: "handover_accept", HandOverState.DECLINED: "handover_decline",
    HandOverState.WITHDRAWN: "handover_withdraw",
}  # fmt: skip


@transaction.atomic
def handover_offer(
    *,
    id: uuid.UUID,
    to_region: str,
    reason: HandOverReason,
    actor: Any,
    household_id: uuid.UUID | None = None,
    person_id: uuid.UUID | None = None,
    note: str = "",
    said: Said | None = None,
) -> HandOver:
    """Offer a household, or a person who lives in none, to a cell, or to a village that will name the cell.

    Responsibility stays where it is until somebody accepts. A cell that was merged since is the one that took it over.
    The caller has made sure that `actor` may edit there, or might when he wrote; without `said` it is said now. Raises
    UNKNOWN_HOUSEHOLD, UNKNOWN_PERSON, IN_HOUSEHOLD, UNKNOWN_REGION (`to`), SAME_REGION (`to`), ALREADY_OFFERED.
    """
    to_region = _held(to_region)
    subject = _locked(household_id, person_id)
    if isinstance(subject, Person) and subject.household_id is not None:
        raise ApiError(ErrorCode.IN_HOUSEHOLD, field="person")
    _target_must_do(subject.region_code, to_region)
    about = {"household": subject} if isinstance(subject, Household) else {"person": subject}
    if HandOver.objects.filter(**about, state=HandOverState.OFFERED).exists():
        raise ApiError(ErrorCode.ALREADY_OFFERED, field="household" if household_id else "person")
    said = said or _now()
    rule = value_of("handover.acknowledge.hours", region_code=to_region, on=clock.business_day(said.received_at))
    handover = HandOver.objects.create(
        id=id, **about, place=subject.place[:200], from_region=subject.region_code, to_region=to_region,
        reason=reason.value, note_sealed=keyring.seal(note, row=id, column=OFFER_NOTE) if note else None,
        author_id=actor.pk, author_name=actor.display_name, offered_at=said.at, received_at=said.received_at,
        due_at=said.received_at + dt.timedelta(hours=int(rule.value)), rule_version=rule.version, clause=rule.basis,
    )  # fmt: skip
    _audit(actor, "handover_offer", handover, {"from": handover.from_region, "to": to_region, "reason": reason.value})
    return handover


def _locked(household_id: uuid.UUID | None, person_id: uuid.UUID | None) -> Household | Person:
    if household_id is not None:
        household = Household.objects.open().select_for_update(no_key=True).filter(pk=household_id).first()
        if household is None:
            raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")
        return household
    if person_id is None:
        raise ApiError(ErrorCode.MISSING_FIELD, field="household")
    return person_locked(None, person_id)


def _held(region: str) -> str:
    """`region`, or for a cell that was merged the one that it is now, which stays in use until the transaction ends.

    A merger that is under way is waited for: what it closes is found in its successor.
    """
    if len(region) != CELL_LENGTH:
        return region
    cell = cells_in_use([region]).get(region, region)
    if not cells_hold([cell]):
        cell = cells_in_use([region]).get(region, region)
        cells_hold([cell])
    return cell


def _target_must_do(from_region: str, to_region: str) -> None:
    if problem := target_problem(from_region=from_region, to_region=to_region):
        raise ApiError(problem, field="to")
    if not Region.objects.real().filter(code=to_region, valid_to=None).exists():
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="to")


def _now() -> Said:
    now = clock.now()
    return Said(now, now)


@transaction.atomic
def handover_answer(
    *,
    handover_id: uuid.UUID,
    answer: HandOverState,
    actor: Any,
    region: str = "",
    reason: DeclineReason | None = None,
    note: str = "",
    said: Said | None = None,
) -> HandOver:
    """Accept (签收), decline (退回) or withdraw (撤回) what is offered; the same answer given before is no fault.

    Accepted, it moves to the cell offered, or to `region` where a village was asked, with everything that follows a
    move. The caller has made sure that `actor` may answer for his side. `said.at` of an acceptance is the
    acknowledgement: a phone without network is not late. Raises UNKNOWN_HANDOVER; MISSING_FIELD (`region`, or `reason`
    of a refusal); UNKNOWN_REGION, SAME_REGION (`region`); ALREADY_ANSWERED; WRONG_STATE when it went another way.
    """
    found = HandOver.objects.filter(pk=handover_id).first()
    if found is None:
        raise ApiError(ErrorCode.UNKNOWN_HANDOVER, field="handover")
    named = region or (found.to_region if len(found.to_region) == CELL_LENGTH else "")
    cell = _held(named) if answer is HandOverState.ACCEPTED else named
    subject = _subject_locked(found.household_id, found.person_id)
    handover = HandOver.objects.select_for_update(no_key=True).get(pk=handover_id)
    if handover.cell == named:
        # Said again after a merger: what was accepted stays where it went.
        cell = named
    problem = answer_problem(
        state=handover.state, answer=answer, stored_cell=handover.cell, cell=cell, from_region=handover.from_region,
        to_region=handover.to_region,
    )  # fmt: skip
    if problem:
        raise ApiError(problem[0], field=problem[1])
    if handover.state == answer:
        return handover
    if answer is HandOverState.DECLINED and reason is None:
        raise ApiError(ErrorCode.MISSING_FIELD, field="reason")
    said = said or _now()
    handover.state = answer.value
    handover.cell = cell if answer is HandOverState.ACCEPTED else ""
    handover.decline_reason = reason.value if reason and answer is HandOverState.DECLINED else ""
    handover.answer_note_sealed = keyring.seal(note, row=handover.pk, column=ANSWER_NOTE) if note else None
    # Nobody answers what the server does not have yet: a clock that says so is wrong.
    handover.answered_at, handover.answer_received_at = max(said.at, handover.received_at), said.received_at
    handover.answered_by_id, handover.answered_by_name = actor.pk, actor.display_name
    handover.save()
    if answer is HandOverState.ACCEPTED:
        _give(subject, cell, actor)
    announce_settled([handover.pk])
    detail: dict[str, Any] = {"from": handover.from_region, "to": cell or handover.to_region}
    if handover.decline_reason:
        detail["reason"] = handover.decline_reason
    giver = answer is HandOverState.WITHDRAWN
    _audit(actor, _ACTIONS[answer], handover, detail, region="" if giver else cell or handover.to_region)
    return handover


def _subject_locked(household_id: uuid.UUID | None, person_id: uuid.UUID | None) -> Household | Person:
    """The row, open or not: a hand-over that was answered may be asked about when its household is out of use."""
    if household_id is not None:
        return Household.objects.select_for_update(no_key=True).get(pk=household_id)
    assert person_id is not None
    return Person.objects.select_for_update(no_key=True).get(pk=person_id)


def _give(subject: Household | Person, cell: str, actor: Any) -> None:
    cells_must_stay({cell})
    if isinstance(subject, Household):
        household_give(subject, cell, actor=actor)
    else:
        person_give(subject, cell, actor=actor)


def _audit(actor: Any, action: str, handover: HandOver, detail: dict[str, Any], region: str = "") -> None:
    """Under the region of who acted: the giver's unless another is named."""
    audit_record(
        actor=actor, action=action, target_kind="handover", target_id=handover.pk,
        region=region or handover.from_region, detail=detail,
    )  # fmt: skip
