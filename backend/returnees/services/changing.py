"""Changing a return on record: leaving, a leaving taken back, the day of arrival, and edits field by field."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from backend.accounts.choices import Capability
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.facts.services import cells_touch
from backend.health.choices import MonitoringKind, MonitoringState
from backend.health.models import Monitoring
from backend.health.services import monitoring_cancel, monitoring_end, monitoring_resume
from backend.policies.selectors import value_of
from backend.residents.rules import EditOrigin
from backend.residents.services import Clash, LateEdit, edit_mark, edit_merge, edit_part, people_lock
from backend.returnees.choices import ReturneeState
from backend.returnees.models import Returnee
from backend.returnees.rules import (
    arrival_doubtful,
    correction_problem,
    leaving_problem,
    origin_problem,
    travel_problem,
)
from backend.returnees.selectors import returnees_by_id
from backend.returnees.services.registering import audit, refuse, start_monitoring

#: What somebody wrote down, without consequences for anything else.
_TOLD = ("origin_code", "origin_text", "transport", "transport_number", "via")
#: The number of a train says nothing about a car.
_TOGETHER = (("transport", "transport_number"),)
EDITABLE = (*_TOLD, "arrived_on", "left_on")
#: What a field that may be emptied holds then; the others always say something.
_EMPTY: dict[str, Any] = {**dict.fromkeys(_TOLD, ""), "left_on": None}
_MARKED = ("version", "field_marks")


@transaction.atomic
def returnee_leave(*, returnee_id: uuid.UUID, left_on: dt.date, actor: Any) -> Returnee:
    """Note that a returnee left on `left_on`: the list loses him, the term ends early, the code says so.

    Only where `actor` may register. Raises NOT_FOUND, WRONG_STATE (no longer present), LEFT_BEFORE_ARRIVAL,
    LEAVING_IN_FUTURE.
    """
    return _leave(_locked(returnee_id, actor), left_on, actor)


def _leave(returnee: Returnee, left_on: dt.date, actor: Any, origin: EditOrigin | None = None) -> Returnee:
    now = clock.now()
    _must_be_present(returnee)
    refuse(leaving_problem(arrived_on=returnee.arrived_on, left_on=left_on, today=clock.business_day(now)))
    returnee.state = ReturneeState.LEFT.value
    returnee.left_on = left_on
    returnee.left_received_at = now
    edit_mark(returnee, ["left_on"], actor=actor, origin=origin)
    returnee.save(update_fields=["state", "left_on", "left_received_at", *_MARKED])
    for monitoring in _terms(returnee).filter(state=MonitoringState.ACTIVE):
        monitoring_end(monitoring_id=monitoring.pk, last_day=left_on, received_at=now)
    _touch_since(left_on, returnee.region_code, now)
    audit(actor, "returnee_leave", returnee, {"left_on": left_on.isoformat()})
    return returnee


@transaction.atomic
def returnee_correct_arrival(*, returnee_id: uuid.UUID, arrived_on: dt.date, actor: Any) -> Returnee:
    """Put right the day of arrival: the term that followed from it is withdrawn and the right one opened.

    Only where `actor` may register. Raises NOT_FOUND, WRONG_STATE (no longer present), ARRIVAL_AFTER_REGISTRATION.
    """
    return _correct(_locked(returnee_id, actor), arrived_on, actor)


def _correct(returnee: Returnee, arrived_on: dt.date, actor: Any, origin: EditOrigin | None = None) -> Returnee:
    now = clock.now()
    today = clock.business_day(now)
    _must_be_present(returnee)
    refuse(correction_problem(arrived_on=arrived_on, registered_on=clock.business_day(returnee.registered_at)))
    before = returnee.arrived_on
    if before == arrived_on:
        return returnee
    withdrawn = list(_terms(returnee))
    plausible = int(value_of("sync.plausible_past_days", region_code=returnee.region_code, on=today).value)
    returnee.arrived_on = arrived_on
    returnee.arrival_doubtful = arrival_doubtful(arrived_on=arrived_on, today=today, plausible_days=plausible)
    edit_mark(returnee, ["arrived_on"], actor=actor, origin=origin)
    returnee.save(update_fields=["arrived_on", "arrival_doubtful", *_MARKED])
    for monitoring in withdrawn:
        monitoring_cancel(monitoring_id=monitoring.pk, received_at=now)
    start_monitoring(returnee, now)
    cells_touch(touched=[(today, returnee.region_code)])
    audit(
        actor, "returnee_correct", returnee, {"from": before.isoformat(), "to": arrived_on.isoformat()}
    )  # fmt: skip
    return returnee


@transaction.atomic
def returnee_return(*, returnee_id: uuid.UUID, actor: Any) -> Returnee:
    """Take back a leaving (撤销离开): somebody is here still, and what is left of his term goes on from today.

    The row that left stays what figures counted; the one returned here names it. Who came back from another place is
    registered anew. Only where `actor` may register. Raises NOT_FOUND, WRONG_STATE unless this return, and no other of
    the person, ended in a leaving.
    """
    return _return(_locked(returnee_id, actor), actor)


def _return(left: Returnee, actor: Any, origin: EditOrigin | None = None) -> Returnee:
    now = clock.now()
    today = clock.business_day(now)
    people_lock(person_ids=[left.person_id])
    goes_on = Q(continues_id=left.pk) | Q(person=left.person_id, state=ReturneeState.PRESENT)
    if left.state != ReturneeState.LEFT or Returnee.objects.filter(goes_on).exists():
        raise ApiError(ErrorCode.WRONG_STATE)
    term = _terms(left).filter(state=MonitoringState.LEFT).order_by("-last_day").first()
    returnee = left
    returnee.continues_id, returnee.pk = left.pk, new_id()
    returnee.state, returnee.left_on, returnee.left_received_at = ReturneeState.PRESENT.value, None, None
    returnee.registered_day, returnee.received_at = today, now
    edit_mark(returnee, ["left_on"], actor=actor, origin=origin)
    returnee.save(force_insert=True)
    if term is not None:
        monitoring_resume(monitoring_id=term.pk, first_day=today, received_at=now)
    cells_touch(touched=[(today, returnee.region_code)])
    audit(actor, "returnee_return", returnee, {"continues": str(returnee.continues_id)})
    return returnee


@transaction.atomic
def returnee_update(*, returnee_id: uuid.UUID, base_version: int, changes: Mapping[str, Any], actor: Any) -> Returnee:
    """Apply `changes` (fields of `EDITABLE`) that were made on top of `base_version`, merged field by field.

    None empties a field, an empty value says nothing. A day in `left_on` is a leaving, None takes one back, and the row
    that goes on is returned; `arrived_on` withdraws the term and opens the right one. Raises what `edit_merge`,
    `returnee_leave`, `returnee_return` and `returnee_correct_arrival` raise, MISSING_FIELD, BAD_FIELD, BAD_REGION_CODE.
    """
    returnee = _locked(returnee_id, actor)
    differing = edit_merge(
        current=_editable(returnee), changes=changes, base_version=base_version, version=returnee.version,
        marks=returnee.field_marks, empty=_EMPTY, shown={},
    )  # fmt: skip
    return _apply(returnee, differing, actor)


@transaction.atomic
def returnee_merge(*, returnee_id: uuid.UUID, edit: LateEdit, actor: Any) -> tuple[Returnee, list[Clash]]:
    """As `returnee_update`, but what clashes is left as it stands and handed back, and the rest is applied.

    An id that another row goes on from means that row. The caller has made sure that `actor` may edit it, or might when
    he wrote. Raises UNKNOWN_RETURNEE, and as `returnee_update` but for EDITED_ELSEWHERE; nothing is written then.
    """
    returnee = _last_locked(returnee_id)
    differing, clashes = edit_part(
        current=_editable(returnee), edit=edit, version=returnee.version, marks=returnee.field_marks, empty=_EMPTY,
        shown={}, together=_TOGETHER,
    )  # fmt: skip
    return _apply(returnee, differing, actor, edit.origin), clashes


def _last_locked(returnee_id: uuid.UUID) -> Returnee:
    """The row that goes on from `returnee_id`, locked, whoever's it is. Raises UNKNOWN_RETURNEE."""
    last = returnees_by_id([returnee_id]).get(returnee_id)
    rows = Returnee.objects.select_for_update(no_key=True)
    returnee = rows.filter(pk=last.id).first() if last else None
    if returnee is None:
        raise ApiError(ErrorCode.UNKNOWN_RETURNEE, field="returnee")
    if returnee.state == ReturneeState.MOVED and returnees_by_id([returnee.pk])[returnee.pk].id != returnee.pk:
        # Handed over while this edit waited for the row.
        return _last_locked(returnee.pk)
    return returnee


def _editable(returnee: Returnee) -> dict[str, Any]:
    return {field: getattr(returnee, field) for field in EDITABLE}


def _apply(returnee: Returnee, differing: Mapping[str, Any], actor: Any, origin: EditOrigin | None = None) -> Returnee:
    told = {field: value.strip() for field, value in differing.items() if field in _TOLD}
    if told:
        wanted = {**_editable(returnee), **told}
        refuse(origin_problem(code=wanted["origin_code"], text=wanted["origin_text"]))
        refuse(travel_problem(**{field: wanted[field] for field in ("transport", "transport_number", "via")}))
        for field, value in told.items():
            setattr(returnee, field, value)
        edit_mark(returnee, told, actor=actor, origin=origin)
        returnee.save(update_fields=[*told, *_MARKED])
        audit(actor, "returnee_update", returnee, {"fields": sorted(told), "version": returnee.version})
    if "arrived_on" in differing:
        returnee = _correct(returnee, differing["arrived_on"], actor, origin)
    if "left_on" in differing and differing["left_on"] is None:
        return _return(returnee, actor, origin)
    if "left_on" in differing:
        return _leave(returnee, differing["left_on"], actor, origin)
    return returnee


# The present row goes on under another id in the new cell; the old one stays what the old cell's figures counted.


def _locked(returnee_id: uuid.UUID, actor: Any) -> Returnee:
    """The returnee, locked, if `actor` may register where he is."""
    rows = Returnee.objects.visible_to(actor, Capability.RETURNEE_REGISTER).select_for_update(no_key=True)
    returnee = rows.filter(pk=returnee_id).first()
    if returnee is None:
        raise ApiError(ErrorCode.NOT_FOUND)
    return returnee


def _must_be_present(returnee: Returnee) -> None:
    if returnee.state != ReturneeState.PRESENT:
        raise ApiError(ErrorCode.WRONG_STATE)


def _terms(returnee: Returnee) -> Any:
    """The monitoring terms that follow from this return, through every hand-over."""
    return Monitoring.objects.filter(
        person=returnee.person_id, kind=MonitoringKind.RETURNEE, from_day=returnee.arrived_on
    ).exclude(state=MonitoringState.CANCELLED)


def _touch_since(day: dt.date, region_code: str, now: dt.datetime) -> None:
    """Every day from `day` on counted somebody who was gone; days past correction are left alone."""
    today = clock.business_day(now)
    reach = int(value_of("sync.plausible_past_days", region_code=region_code, on=today).value)
    days = min((today - day).days, reach)
    cells_touch(touched=[(today - dt.timedelta(days=n), region_code) for n in range(days + 1)])
