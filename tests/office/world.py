"""One of everything the office lists, in one cell; made through the services where they exist."""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from backend.accounts.choices import Role
from backend.accounts.models import Device, Duty, User
from backend.alerts.models import Alert
from backend.alerts.rules import Finding
from backend.alerts.services import alerts_evaluate
from backend.audit.models import AuditEntry
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.ids import new_id
from backend.health.models import CodeStatus, DailyCheck, Monitoring
from backend.health.services import checks_record
from backend.reports.models import Exemption, OutboxFile
from backend.residents.choices import HandOverReason
from backend.residents.models import HandOver, Household, Person
from backend.residents.services import Clash, handover_offer, household_create
from backend.returnees.models import Returnee
from backend.returnees.services import returnee_register
from backend.sync.choices import EditKind
from backend.sync.conflicts import conflict_open
from backend.sync.models import CarriedFile, EditConflict, Referral
from backend.sync.services import batch_push
from backend.sync.shapes import Envelope
from backend.visits.models import Visit
from tests.health.conftest import check_row, returnee_fields
from tests.residents.factories import household


@dataclass
class Corner:
    """What lies in one cell."""

    cell: str
    worker: User
    duty: Duty
    device: Device
    household: Household
    person: Person
    returnee: Returnee
    term: Monitoring
    code: CodeStatus
    check: DailyCheck
    visit: Visit
    alert: Alert
    entry: AuditEntry
    exemption: Exemption
    file: OutboxFile
    carried: CarriedFile
    conflict: EditConflict
    handover: HandOver
    referral: Referral


def furnish(cell: str) -> Corner:
    """Fill `cell`. Needs the tree and the policies."""
    worker = User.objects.create(username=f"worker-{cell}", display_name="王网格", password="!")
    duty = Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=cell, valid_from=clock.today())
    device = Device.objects.create(id=uuid.uuid4(), user=worker, name="红米 9A", last_seen=timezone.now())
    door = household_create(item=household(region_code=cell), actor=None)
    returnee = returnee_register(**returnee_fields(region_code=cell, household_id=door.pk, address=""))
    term = Monitoring.objects.get(person=returnee.person)
    checks_record(rows=[check_row(returnee.person_id, region_code=cell)])
    now = clock.now()
    visit = Visit.objects.create(
        id=new_id(), region_code=cell, business_day=clock.today(), observed_at=now, corrected_at=now, received_at=now,
        author_id=worker.pk, author_name="王网格", household_id=door.pk, outcome="seen_well",
        people=[{"temperature": 36.5, "symptoms": ["fatigue"]}], temperature_max=Decimal("36.5"), needs=["food"],
    )  # fmt: skip
    (alert,) = alerts_evaluate(
        findings=[
            Finding(
                kind="visit", region_code=cell, place=door.place, business_day=clock.today(), observed_at=now,
                source_id=visit.pk, household_id=door.pk, temperature=Decimal("38.6"),
            )
        ]
    )  # fmt: skip
    audit_record(actor=worker, action="cell_updated", target_kind="region", target_id=cell, region=cell)
    settings.OUTBOX_FOLDER.mkdir(parents=True, exist_ok=True)
    (settings.OUTBOX_FOLDER / f"{cell}.csv").write_text("region_code\n")
    return Corner(
        cell=cell,
        worker=worker,
        duty=duty,
        device=device,
        household=door,
        person=returnee.person,
        returnee=returnee,
        term=term,
        code=CodeStatus.objects.get(person=returnee.person),
        check=DailyCheck.objects.get(person_id=returnee.person_id),
        visit=visit,
        alert=alert,
        entry=AuditEntry.objects.filter(region_code=cell, action="cell_updated").latest("pk"),
        exemption=Exemption.objects.create(
            region_code=cell, from_day=clock.today(), to_day=clock.today(), reason="整村搬迁",
            granted_at=now, granted_by_name="县级",
        ),
        file=OutboxFile.objects.create(
            region_code=cell, business_day=clock.today(), revision=1, format="csv", name=f"{cell}.csv", size=12, rows=1,
            sha256="0" * 64, made_at=now,
        ),
        carried=CarriedFile.objects.create(
            id=new_id(), device_id=device.pk, author=worker, courier=worker, region_code=cell, made_at=now,
            received_at=now, items=3, created=2, duplicates=1, refused=0,
        ),
        conflict=conflict_open(
            id=new_id(), kind=EditKind.HOUSEHOLD, target=door.pk, region_code=cell, place=door.place, author=worker,
            device_id=device.pk, made_at=now, received_at=now, record_version=door.version, clashes=[
                Clash("headcount", 5, 5, 3, "李站长", now.isoformat()),
                Clash("head_name", "孙七", "孙*", "张*", "李站长", now.isoformat()),
            ],
        ),
        # To the village: whoever accepts names one of its cells.
        handover=handover_offer(
            id=new_id(), household_id=door.pk, to_region=cell[:12], reason=HandOverReason.BOUNDARY, actor=worker,
            note="孙七家划到东边",
        ),
        referral=_referral(worker, device.pk, cell),
    )  # fmt: skip


def _referral(worker: User, device: uuid.UUID, cell: str) -> Referral:
    """A registration whose telephone could not be right, handed up by a push."""
    body = {"name": "孙七", "phone": "139", "region": cell, "孙七": 1}
    referral = {
        "item": new_id(), "kind": "returnee", "schema": 3, "seq": 8, "observed_at": clock.now(), "record": body,
        "code": "bad_phone", "place": "3幢2单元501", "note": "电话是孙七女儿的",
    }  # fmt: skip
    brought = {
        "id": new_id(), "kind": "referral", "schema": 1, "seq": 9, "observed_at": clock.now(), "body": referral,
    }  # fmt: skip
    raw = msgspec.Raw(msgspec.json.encode(brought))
    batch_push(user=worker, envelope=Envelope(device, 1, clock.now(), [raw]))
    return Referral.objects.get(pk=brought["id"])


def addresses(corner: Corner) -> dict[str, Any]:
    """Admin page name → the key of the object of that page in this corner."""
    return {
        "accounts_user": corner.worker.pk,
        "accounts_duty": corner.duty.pk,
        "accounts_device": corner.device.pk,
        "regions_region": corner.cell,
        "residents_household": corner.household.pk,
        "residents_person": corner.person.pk,
        "returnees_returnee": corner.returnee.pk,
        "health_monitoring": corner.term.pk,
        "health_codestatus": corner.code.pk,
        "health_dailycheck": corner.check.pk,
        "visits_visit": corner.visit.pk,
        "alerts_alert": corner.alert.pk,
        "audit_auditentry": corner.entry.pk,
        "reports_exemption": corner.exemption.pk,
        "reports_outboxfile": corner.file.pk,
        "sync_carriedfile": corner.carried.pk,
        "sync_editconflict": corner.conflict.pk,
        "sync_referral": corner.referral.pk,
        "residents_handover": corner.handover.pk,
    }
