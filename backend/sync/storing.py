"""Hand the bodies of claimed items to the services that own them, in an order in which references hold."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from django.db import transaction

from backend.accounts.models import User
from backend.alerts.services import alerts_evaluate
from backend.core.errors import ApiError, ErrorCode
from backend.facts.choices import Verdict
from backend.facts.models import SyncItem
from backend.health.services import CheckRow, checks_store
from backend.residents.services import households_create, people_lock
from backend.returnees.services import returnee_register
from backend.sync.inputs import household_input
from backend.sync.intake import Incoming
from backend.sync.shapes import CheckBody, HouseholdBody, ReturneeBody, VisitBody
from backend.visits.rules import PersonSeen
from backend.visits.services import Upload, VisitRow, visits_store


def store_registers(items: Sequence[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
    """Store households and returnees just claimed, in the caller's transaction; the refused are rejected."""
    _create_households([item for item in items if isinstance(item.body, HouseholdBody)], user)
    for item in items:
        if isinstance(item.body, ReturneeBody):
            _register(item, item.body, user=user, device=device, received_at=received_at)


def store_facts(items: Sequence[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
    """Store visits and checks just claimed, in the caller's transaction; none of them can be refused any more."""
    common = {"author_id": user.pk, "author_name": user.display_name, "device_id": device, "received_at": received_at}
    upload = Upload(received_at, user.pk, user.display_name, device)
    visits = [_visit(item, item.body, upload) for item in items if isinstance(item.body, VisitBody)]
    checks = [_check(item, item.body, common) for item in items if isinstance(item.body, CheckBody)]
    named = {uuid.UUID(seen.person) for visit in visits for seen in visit.people if seen.person}
    if named and checks:
        # Visits, then checks, lock the people they speak of: of two uploads each could hold what the other wants.
        people_lock(person_ids=named | {check.person_id for check in checks})
    if findings := [*visits_store(rows=visits), *checks_store(rows=checks)]:
        alerts_evaluate(findings=findings)


def _create_households(items: list[Incoming], user: User) -> None:
    """Households of this batch; one that another upload brought a moment ago is sent back like any known id."""
    if not items:
        return
    inputs = {
        item: replace(household_input(item.body), region_code=item.region_code)
        for item in items
        if isinstance(item.body, HouseholdBody)
    }
    try:
        created = households_create(items=list(inputs.values()), actor=user)
    except ApiError as error:
        raise _closed_meanwhile(error) from error
    for item, known in inputs.items():
        if known.id not in created:
            send_back(item, ErrorCode.ID_REUSED, "body.household")


def _register(item: Incoming, body: ReturneeBody, *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
    """Register one returnee in a savepoint: what the register refuses is sent back, and spoils nothing else."""
    assert item.id is not None
    try:
        with transaction.atomic():
            returnee_register(
                id=item.id, person_id=body.person, name=body.name, phone=body.phone,
                document_type=body.document_type, document_number=body.document_number, origin_code=body.origin or "",
                origin_text=body.origin_text, arrived_on=body.arrived_on, transport=body.transport or "",
                transport_number=body.transport_number, via=body.via,
                household_id=body.household, address=body.address, region_code=item.region_code, actor=user,
                device_id=device, registered_at=item.placed.corrected_at, received_at=received_at,
            )  # fmt: skip
    except ApiError as error:
        if error.field == "region":
            raise _closed_meanwhile(error) from error
        send_back(item, error.code, f"body.{error.field}" if error.field else None)


def _closed_meanwhile(error: ApiError) -> ApiError:
    """A cell was closed between two statements of an upload: the same ids once more find what took it over."""
    return ApiError(ErrorCode.UNAVAILABLE) if error.code is ErrorCode.UNKNOWN_REGION else error


def send_back(item: Incoming, code: ErrorCode, field: str | None) -> None:
    """Undo the claim of an id whose content its owner refused."""
    assert item.id is not None
    SyncItem.objects.filter(pk=item.id).update(verdict=Verdict.REJECTED, code=code.code)
    item.reject(code, field)


def _visit(item: Incoming, body: VisitBody, upload: Upload) -> VisitRow:
    assert item.id is not None
    assert item.observed_at is not None
    placed = item.placed
    return VisitRow(
        id=item.id, region_code=item.region_code, place=item.place, business_day=placed.business_day,
        observed_at=item.observed_at, corrected_at=placed.corrected_at, doubtful=placed.doubtful,
        household_id=body.household, outcome=body.outcome, needs=tuple(body.needs), note=body.note, upload=upload,
        people=tuple([
            PersonSeen(str(p.person) if p.person else None, _tenths(p.temperature), tuple(p.symptoms))
            for p in body.people
        ]),
    )  # fmt: skip


def _check(item: Incoming, body: CheckBody, common: dict) -> CheckRow:
    assert item.id is not None
    assert item.observed_at is not None
    return CheckRow(
        id=item.id, region_code=item.region_code, business_day=item.placed.business_day,
        observed_at=item.observed_at, corrected_at=item.placed.corrected_at, doubtful=item.placed.doubtful,
        person_id=body.person, session=body.session, method=body.method, reachable=body.reachable,
        temperature=_tenths(body.temperature), symptoms=tuple(body.symptoms), note=body.note, **common,
    )  # fmt: skip


def _tenths(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(round(value, 1)))
