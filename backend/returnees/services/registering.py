"""Registering a return (返乡登记), at the door and at the desk, and what every write of returnees shares."""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from backend.accounts.choices import Capability
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.facts.rules import Arrival
from backend.facts.services import cells_touch
from backend.health.choices import MonitoringKind
from backend.health.services import monitoring_start
from backend.policies.selectors import value_of
from backend.residents.choices import Purpose
from backend.residents.rules import PersonInput
from backend.residents.selectors import households_by_id
from backend.residents.services import person_ensure
from backend.returnees.choices import ReturneeState
from backend.returnees.models import Returnee
from backend.returnees.rules import arrival_doubtful, arrival_problem, origin_problem, travel_problem


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
    household_id: uuid.UUID | None,
    address: str,
    region_code: str,
    actor: Any | None,
    transport: str = "",
    transport_number: str = "",
    via: str = "",
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
    refuse(origin_problem(code=origin_code, text=origin_text))
    transport_number, via = transport_number.strip(), via.strip()
    refuse(travel_problem(transport=transport, transport_number=transport_number, via=via))
    refuse(arrival_problem(arrived_on=arrived_on, today=today))
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
        arrived_on=arrived_on, transport=transport, transport_number=transport_number, via=via,
        registered_at=registered_at,
        arrival_doubtful=arrival_doubtful(arrived_on=arrived_on, today=today, plausible_days=plausible),
        registered_day=clock.business_day(registered_at), received_at=received_at,
        author_id=getattr(actor, "pk", None) or 0, author_name=str(actor) if actor else "系统", device_id=device_id,
    )  # fmt: skip
    start_monitoring(returnee, received_at)
    cells_touch(touched=[(returnee.registered_day, region_code)])
    audit(actor, "returnee_register", returnee, {"arrival_doubtful": returnee.arrival_doubtful})
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


def _written_down(moment: dt.datetime, received_at: dt.datetime, region_code: str, past_days: int) -> dt.datetime:
    """`moment`, unless the phone's clock cannot have been right."""
    today = clock.business_day(received_at)
    minutes = int(value_of("sync.plausible_future_minutes", region_code=region_code, on=today).value)
    arrival = Arrival(
        received_at=received_at, skew=dt.timedelta(), future=dt.timedelta(minutes=minutes),
        past=dt.timedelta(days=past_days),
    )  # fmt: skip
    return received_at if arrival.place(moment).doubtful else moment


def _cell_of(household_id: uuid.UUID | None, region_code: str) -> str:
    """The cell the registration belongs to: where the household lies now, if there is one."""
    if household_id is None:
        return region_code
    household = households_by_id([household_id]).get(household_id)
    if household is None:
        raise ApiError(ErrorCode.UNKNOWN_HOUSEHOLD, field="household")
    return household.region_code


def start_monitoring(returnee: Returnee, received_at: dt.datetime) -> None:
    """Open the term that follows from the arrival, and keep its days beside the return."""
    term = monitoring_start(
        person_id=returnee.person_id, region_code=returnee.region_code, kind=MonitoringKind.RETURNEE,
        start=returnee.arrived_on, source_id=returnee.pk, received_at=received_at,
    )  # fmt: skip
    returnee.monitor_from, returnee.monitor_to = (term.from_day, term.to_day) if term else (None, None)
    returnee.save(update_fields=["monitor_from", "monitor_to"])


def refuse(problem: tuple[ErrorCode, str] | None) -> None:
    """Raise what a rule found wrong."""
    if problem is not None:
        raise ApiError(problem[0], field=problem[1])


def audit(actor: Any | None, action: str, returnee: Returnee, detail: dict[str, Any]) -> None:
    """Write down what was done to `returnee`."""
    audit_record(
        actor=actor, action=action, target_kind="returnee", target_id=returnee.pk, region=returnee.region_code,
        detail=detail,
    )  # fmt: skip
