"""The only writer of returnees. Duty A3. See docs/returnees.md."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from backend.accounts.choices import Capability
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.core.models import Tombstone
from backend.facts.rules import place_in_time
from backend.facts.services import cells_touch
from backend.health.choices import MonitoringKind, MonitoringState
from backend.health.models import Monitoring
from backend.health.services import (
    codes_follow,
    monitoring_cancel,
    monitoring_end,
    monitoring_resume,
    monitoring_start,
    monitorings_follow,
)
from backend.policies.selectors import value_of
from backend.residents.choices import Purpose
from backend.residents.rules import PersonInput
from backend.residents.selectors import households_by_id
from backend.residents.services import edit_mark, edit_merge, people_lock, person_ensure
from backend.returnees.choices import ReturneeState
from backend.returnees.models import Returnee
from backend.returnees.rules import (
    arrival_doubtful,
    arrival_problem,
    correction_problem,
    leaving_problem,
    origin_problem,
    transport_problem,
)

#: What somebody wrote down, without consequences for anything else.
_TOLD = ("origin_code", "origin_text", "transport")
EDITABLE = (*_TOLD, "arrived_on", "left_on")
#: What a field that may be emptied holds then; the others always say something.
_EMPTY: dict[str, Any] = {**dict.fromkeys(_TOLD, ""), "left_on": None}
_MARKED = ("version", "field_marks")


@transaction.atomic
def returnee_register(
    *,
    id: uuid.UUID,
    person_id: uuid.UUID,
    name: str,
    phone: str,
    document_type: str,
    document_number: str,
    origin_code: str,
    origin_text: str,
    arrived_on: dt.date,
    transport: str,
    household_id: uuid.UUID | None,
    address: str,
    region_code: str,
    actor: Any | None,
    device_id: uuid.UUID | None = None,
    registered_at: dt.datetime | None = None,
    received_at: dt.datetime | None = None,
) -> Returnee:
    """Register a return: person (made, or found by document), returnee, monitoring term, code, in one transaction.

    The caller has claimed `id` and checked that `actor` may write in the cell. A household decides the cell: the one it
    lies in now. `registered_at` is when it was written down (an implausible time gives way to `received_at`),
    `received_at` when the server learnt of it; both default to now. Raises ALREADY_REGISTERED when this document is
    present already, ARRIVAL_IN_FUTURE, MISSING_FIELD, BAD_FIELD, BAD_DOCUMENT, BAD_PHONE, BAD_REGION_CODE,
    UNKNOWN_REGION, UNKNOWN_HOUSEHOLD, ID_REUSED, each with its field.
    """
    received_at = received_at or clock.now()
    registered_at = registered_at or received_at
    today = clock.business_day(received_at)
    for field, given in (("phone", phone), ("document_type", document_type), ("document_number", document_number)):
        if not given.strip():
            raise ApiError(ErrorCode.MISSING_FIELD, field=field)
    _refuse(origin_problem(code=origin_code, text=origin_text))
    _refuse(arrival_problem(arrived_on=arrived_on, today=today))
    region_code = _cell_of(household_id, region_code)
    if Returnee.objects.filter(pk=id).exists():
        raise ApiError(ErrorCode.ID_REUSED, field="id")
    person, _ = person_ensure(
        item=PersonInput(
            id=person_id, region_code=region_code, name=name, purpose=Purpose.RETURNEE.value,
            document_type=document_type, document_number=document_number, phone=phone, household_id=household_id,
            address=address,
        ),
        actor=actor,
    )  # fmt: skip
    # The person's row is locked by now: two registrations of one document come here one after the other.
    if Returnee.objects.filter(person=person, state=ReturneeState.PRESENT).exists():
        raise ApiError(ErrorCode.ALREADY_REGISTERED, field="document_number")
    plausible = int(value_of("sync.plausible_past_days", region_code=region_code, on=today).value)
    registered_at = _written_down(registered_at, received_at, region_code, plausible)
    returnee = Returnee.objects.create(
        id=id, person=person, region_code=region_code, origin_code=origin_code, origin_text=origin_text.strip(),
        arrived_on=arrived_on, transport=transport.strip(), registered_at=registered_at,
        arrival_doubtful=arrival_doubtful(arrived_on=arrived_on, today=today, plausible_days=plausible),
        registered_day=clock.business_day(registered_at), received_at=received_at,
        author_id=getattr(actor, "pk", None) or 0, author_name=str(actor) if actor else "系统", device_id=device_id,
    )  # fmt: skip
    _start_monitoring(returnee, received_at)
    cells_touch(touched=[(returnee.registered_day, region_code)])
    _audit(actor, "returnee_register", returnee, {"arrival_doubtful": returnee.arrival_doubtful})
    return returnee


def returnee_register_at_office(
    *, actor: Any, region_code: str, household_id: uuid.UUID | None, **fields: Any
) -> Returnee:
    """`returnee_register` for who types at a desk: new ids, now, and only in cells where `actor` may register.

    A household outside his cells raises UNKNOWN_HOUSEHOLD, a cell UNKNOWN_REGION, as one that does not exist.
    """
    scope = actor.scope(Capability.RETURNEE_REGISTER)
    if household_id is not None:
        household = households_by_id([household_id]).get(household_id)
        if household is None or not scope.covers(household.region_code):
            raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")
    elif not scope.covers(region_code):
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="region")
    return returnee_register(
        id=new_id(), person_id=new_id(), actor=actor, region_code=region_code, household_id=household_id, **fields
    )


@transaction.atomic
def returnee_leave(*, returnee_id: uuid.UUID, left_on: dt.date, actor: Any) -> Returnee:
    """Note that a returnee left on `left_on`: the list loses him, the term ends early, the code says so.

    Only where `actor` may register. Raises NOT_FOUND, WRONG_STATE (no longer present), LEFT_BEFORE_ARRIVAL,
    LEAVING_IN_FUTURE.
    """
    now = clock.now()
    returnee = _present(returnee_id, actor)
    _refuse(leaving_problem(arrived_on=returnee.arrived_on, left_on=left_on, today=clock.business_day(now)))
    returnee.state = ReturneeState.LEFT.value
    returnee.left_on = left_on
    returnee.left_received_at = now
    edit_mark(returnee, ["left_on"], actor=actor)
    returnee.save(update_fields=["state", "left_on", "left_received_at", *_MARKED])
    for monitoring in _terms(returnee).filter(state=MonitoringState.ACTIVE):
        monitoring_end(monitoring_id=monitoring.pk, last_day=left_on, received_at=now)
    _touch_since(left_on, returnee.region_code, now)
    _audit(actor, "returnee_leave", returnee, {"left_on": left_on.isoformat()})
    return returnee


@transaction.atomic
def returnee_correct_arrival(*, returnee_id: uuid.UUID, arrived_on: dt.date, actor: Any) -> Returnee:
    """Put right the day of arrival: the term that followed from it is withdrawn and the right one opened.

    Only where `actor` may register. Raises NOT_FOUND, WRONG_STATE (no longer present), ARRIVAL_AFTER_REGISTRATION.
    """
    now = clock.now()
    today = clock.business_day(now)
    returnee = _present(returnee_id, actor)
    _refuse(correction_problem(arrived_on=arrived_on, registered_on=clock.business_day(returnee.registered_at)))
    before = returnee.arrived_on
    if before == arrived_on:
        return returnee
    withdrawn = list(_terms(returnee))
    plausible = int(value_of("sync.plausible_past_days", region_code=returnee.region_code, on=today).value)
    returnee.arrived_on = arrived_on
    returnee.arrival_doubtful = arrival_doubtful(arrived_on=arrived_on, today=today, plausible_days=plausible)
    edit_mark(returnee, ["arrived_on"], actor=actor)
    returnee.save(update_fields=["arrived_on", "arrival_doubtful", *_MARKED])
    for monitoring in withdrawn:
        monitoring_cancel(monitoring_id=monitoring.pk, received_at=now)
    _start_monitoring(returnee, now)
    cells_touch(touched=[(today, returnee.region_code)])
    _audit(
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
    now = clock.now()
    today = clock.business_day(now)
    left = _locked(returnee_id, actor)
    people_lock(person_ids=[left.person_id])
    goes_on = Q(continues_id=left.pk) | Q(person=left.person_id, state=ReturneeState.PRESENT)
    if left.state != ReturneeState.LEFT or Returnee.objects.filter(goes_on).exists():
        raise ApiError(ErrorCode.WRONG_STATE)
    term = _terms(left).filter(state=MonitoringState.LEFT).order_by("-last_day").first()
    returnee = left
    returnee.continues_id, returnee.pk = left.pk, new_id()
    returnee.state, returnee.left_on, returnee.left_received_at = ReturneeState.PRESENT.value, None, None
    returnee.registered_day, returnee.received_at = today, now
    edit_mark(returnee, ["left_on"], actor=actor)
    returnee.save(force_insert=True)
    if term is not None:
        monitoring_resume(monitoring_id=term.pk, first_day=today, received_at=now)
    cells_touch(touched=[(today, returnee.region_code)])
    _audit(actor, "returnee_return", returnee, {"continues": str(returnee.continues_id)})
    return returnee


@transaction.atomic
def returnee_update(*, returnee_id: uuid.UUID, base_version: int, changes: Mapping[str, Any], actor: Any) -> Returnee:
    """Apply `changes` (fields of `EDITABLE`) that were made on top of `base_version`, merged field by field.

    None empties a field, an empty value says nothing. A day in `left_on` is a leaving, None takes one back, and the row
    that goes on is returned; `arrived_on` withdraws the term and opens the right one. Raises what `edit_merge`,
    `returnee_leave`, `returnee_return` and `returnee_correct_arrival` raise, MISSING_FIELD, BAD_FIELD, BAD_REGION_CODE.
    """
    returnee = _locked(returnee_id, actor)
    current = {field: getattr(returnee, field) for field in EDITABLE}
    differing = edit_merge(
        current=current, changes=changes, base_version=base_version, version=returnee.version,
        marks=returnee.field_marks, empty=_EMPTY, shown={},
    )  # fmt: skip
    told = {field: value.strip() for field, value in differing.items() if field in _TOLD}
    if told:
        wanted = {**current, **told}
        _refuse(origin_problem(code=wanted["origin_code"], text=wanted["origin_text"]))
        _refuse(transport_problem(wanted["transport"]))
        for field, value in told.items():
            setattr(returnee, field, value)
        edit_mark(returnee, told, actor=actor)
        returnee.save(update_fields=[*told, *_MARKED])
        _audit(actor, "returnee_update", returnee, {"fields": sorted(told), "version": returnee.version})
    if "arrived_on" in differing:
        returnee = returnee_correct_arrival(returnee_id=returnee_id, arrived_on=differing["arrived_on"], actor=actor)
    if "left_on" in differing and differing["left_on"] is None:
        return returnee_return(returnee_id=returnee_id, actor=actor)
    if "left_on" in differing:
        return returnee_leave(returnee_id=returnee_id, left_on=differing["left_on"], actor=actor)
    return returnee


# The present row goes on under another id in the new cell; the old one stays what the old cell's figures counted.
_FOLLOW = """
UPDATE returnees_returnee r SET state = 'moved', left_on = %(today)s, left_received_at = %(now)s
FROM residents_person p
WHERE p.id = r.person_id AND r.state = 'present' AND p.region_code <> r.region_code
RETURNING r.id, r.region_code, p.region_code
"""


@transaction.atomic
def returnees_follow() -> int:
    """Hand returnees, their terms and codes over to the cell now responsible for the person (移交). Returns how many.

    Moving a household or a person needs no call: the difference of cells is itself the work to be done, and the tick
    does it.
    """
    now, today = clock.now(), clock.today()
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, {"now": now, "today": today})
        moved = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    if moved:
        rows = list(Returnee.objects.filter(pk__in=moved))
        Tombstone.objects.bulk_create(
            [Tombstone(kind="returnee", object_id=str(row.pk), region_code=row.region_code) for row in rows]
        )
        for row in rows:
            row.continues_id, row.pk, row.region_code = row.pk, new_id(), moved[row.pk][1]
            row.state, row.left_on, row.left_received_at = ReturneeState.PRESENT.value, None, None
            row.registered_day, row.received_at = today, now
        Returnee.objects.bulk_create(rows)
        cells_touch(touched=[(today, cell) for pair in moved.values() for cell in pair])
    monitorings_follow()
    codes_follow()
    return len(moved)


def _written_down(moment: dt.datetime, received_at: dt.datetime, region_code: str, past_days: int) -> dt.datetime:
    """`moment`, unless the phone's clock cannot have been right."""
    today = clock.business_day(received_at)
    minutes = int(value_of("sync.plausible_future_minutes", region_code=region_code, on=today).value)
    placed = place_in_time(
        observed_at=moment, skew=dt.timedelta(), received_at=received_at, future=dt.timedelta(minutes=minutes),
        past=dt.timedelta(days=past_days),
    )  # fmt: skip
    return received_at if placed.doubtful else moment


def _cell_of(household_id: uuid.UUID | None, region_code: str) -> str:
    """The cell the registration belongs to: where the household lies now, if there is one."""
    if household_id is None:
        return region_code
    household = households_by_id([household_id]).get(household_id)
    if household is None:
        raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")
    return household.region_code


def _start_monitoring(returnee: Returnee, received_at: dt.datetime) -> None:
    """Open the term that follows from the arrival, and keep its days beside the return."""
    term = monitoring_start(
        person_id=returnee.person_id, region_code=returnee.region_code, kind=MonitoringKind.RETURNEE,
        start=returnee.arrived_on, source_id=returnee.pk, received_at=received_at,
    )  # fmt: skip
    returnee.monitor_from, returnee.monitor_to = (term.from_day, term.to_day) if term else (None, None)
    returnee.save(update_fields=["monitor_from", "monitor_to"])


def _locked(returnee_id: uuid.UUID, actor: Any) -> Returnee:
    """The returnee, locked, if `actor` may register where he is."""
    rows = Returnee.objects.visible_to(actor, Capability.RETURNEE_REGISTER).select_for_update(no_key=True)
    returnee = rows.filter(pk=returnee_id).first()
    if returnee is None:
        raise ApiError(ErrorCode.NOT_FOUND)
    return returnee


def _present(returnee_id: uuid.UUID, actor: Any) -> Returnee:
    """As `_locked`, and still here."""
    returnee = _locked(returnee_id, actor)
    if returnee.state != ReturneeState.PRESENT:
        raise ApiError(ErrorCode.WRONG_STATE)
    return returnee


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


def _refuse(problem: tuple[ErrorCode, str] | None) -> None:
    if problem is not None:
        raise ApiError(problem[0], field=problem[1])


def _audit(actor: Any | None, action: str, returnee: Returnee, detail: dict[str, Any]) -> None:
    audit_record(
        actor=actor, action=action, target_kind="returnee", target_id=returnee.pk, region=returnee.region_code,
        detail=detail,
    )  # fmt: skip
