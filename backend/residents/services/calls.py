"""Telephoning (拨打电话): one number, of somebody in scope, for a stated purpose, audited and limited.

Whoever works at doors and on alerts must be able to call; he need not see names or documents for that. The limit is
counted in the audit trail itself, so that nothing but the trail has to be believed. See docs/privacy.md.
"""

import datetime as dt
import uuid
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from backend.accounts.choices import Capability
from backend.audit.selectors import targets_since
from backend.audit.services import audit_record
from backend.core.errors import ApiError, ErrorCode
from backend.residents.choices import CallPurpose
from backend.residents.models import Household, Person
from backend.residents.selectors import household_visible, person_visible
from backend.residents.services.sealing import HOUSEHOLD_PHONE, PERSON_PHONE, opened

PERSON_CALL, HOUSEHOLD_CALL = "person_call", "household_call"
#: Different numbers within a span. A busy morning of telephone checks fits; reading out a village does not.
LIMITS = ((dt.timedelta(hours=1), 60), (dt.timedelta(days=1), 200))


@transaction.atomic
def person_call(*, actor: Any, person_id: uuid.UUID, purpose: str) -> str:
    """The telephone number of a person in `actor`'s scope, `""` where none is on record.

    The audit row commits before the caller can dial. Raises BAD_FIELD, NOT_FOUND, TOO_MANY_CALLS.
    """
    person = person_visible(actor, person_id, Capability.PHONE_CALL)
    _record(actor, PERSON_CALL, person, purpose)
    return opened(person, person.phone_sealed, PERSON_PHONE)


@transaction.atomic
def household_call(*, actor: Any, household_id: uuid.UUID, purpose: str) -> str:
    """The telephone number of a household. As `person_call`."""
    household = household_visible(actor, household_id, Capability.PHONE_CALL)
    _record(actor, HOUSEHOLD_CALL, household, purpose)
    return opened(household, household.phone_sealed, HOUSEHOLD_PHONE)


def _record(actor: Any, action: str, row: Person | Household, purpose: str) -> None:
    """Write the call down, unless too many different numbers were asked for. A number asked for again is free."""
    if purpose not in CallPurpose.values:
        raise ApiError(ErrorCode.BAD_FIELD, field="purpose")
    with connection.cursor() as cursor:
        # Two requests at once must not both be the last one allowed.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('calls'), hashtext(%s))", [str(actor.pk)])
    now = timezone.now()
    for span, most in LIMITS:
        others = targets_since(actor=actor, actions=(PERSON_CALL, HOUSEHOLD_CALL), since=now - span) - {str(row.pk)}
        if len(others) >= most:
            raise ApiError(ErrorCode.TOO_MANY_CALLS)
    audit_record(
        actor=actor, action=action, target_kind=action.removesuffix("_call"), target_id=row.pk, region=row.region_code,
        detail={"purpose": CallPurpose(purpose).label},
    )  # fmt: skip
