"""Opening a seal for somebody who needs to know (查看完整信息): always with a purpose, always audited."""

import re
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from backend.accounts.choices import Capability
from backend.audit.services import audit_record
from backend.core.errors import ApiError, ErrorCode
from backend.residents.choices import RevealField
from backend.residents.selectors import household_visible, person_visible
from backend.residents.services.sealing import DOCUMENT, HEAD, HOUSEHOLD_PHONE, NAME, PERSON_PHONE, opened

SHORTEST_PURPOSE, LONGEST_PURPOSE = 2, 60
#: A purpose with a number in it would carry the number into the audit trail.
_NUMBER = re.compile(r"\d{5}")


def stated_purpose(text: str) -> str:
    """The purpose as it goes into the audit trail. Raises PURPOSE_REQUIRED, BAD_FIELD (it holds a number)."""
    purpose = " ".join(text.split())
    if not SHORTEST_PURPOSE <= len(purpose) <= LONGEST_PURPOSE:
        raise ApiError(ErrorCode.PURPOSE_REQUIRED, field="purpose")
    if _NUMBER.search(purpose):
        raise ApiError(ErrorCode.BAD_FIELD, field="purpose")
    return purpose


@transaction.atomic
def person_reveal(*, actor: Any, person_id: uuid.UUID, purpose: str, fields: Sequence[str]) -> dict[str, str]:
    """The plain values of `fields` (name, phone, document) of a person in `actor`'s scope.

    The audit row commits before the caller can show anything. Raises PURPOSE_REQUIRED, BAD_FIELD, NOT_FOUND.
    """
    wanted = _wanted(fields, set(RevealField.values))
    reason = stated_purpose(purpose)
    person = person_visible(actor, person_id, Capability.PERSON_REVEAL)
    name = opened(person, person.name_sealed, NAME)
    values = {
        RevealField.NAME.value: name,
        RevealField.PHONE.value: opened(person, person.phone_sealed, PERSON_PHONE),
        RevealField.DOCUMENT.value: opened(person, person.document_sealed, DOCUMENT),
    }
    audit_record(
        actor=actor,
        action="person_reveal",
        target_kind="person",
        target_id=person.pk,
        region=person.region_code,
        detail={"fields": wanted, "purpose": reason.replace(name, person.name_masked)},
    )
    return {field: values[field] for field in wanted}


@transaction.atomic
def household_reveal(*, actor: Any, household_id: uuid.UUID, purpose: str, fields: Sequence[str]) -> dict[str, str]:
    """The plain values of `fields` (name: the head's, phone) of a household. As `person_reveal`."""
    wanted = _wanted(fields, {RevealField.NAME.value, RevealField.PHONE.value})
    reason = stated_purpose(purpose)
    household = household_visible(actor, household_id, Capability.PERSON_REVEAL)
    name = opened(household, household.head_sealed, HEAD)
    values = {
        RevealField.NAME.value: name,
        RevealField.PHONE.value: opened(household, household.phone_sealed, HOUSEHOLD_PHONE),
    }
    audit_record(
        actor=actor,
        action="household_reveal",
        target_kind="household",
        target_id=household.pk,
        region=household.region_code,
        detail={"fields": wanted, "purpose": reason.replace(name, household.head_masked)},
    )
    return {field: values[field] for field in wanted}


def _wanted(fields: Sequence[str], allowed: set[str]) -> list[str]:
    wanted = sorted(set(fields))
    if not wanted:
        raise ApiError(ErrorCode.MISSING_FIELD, field="fields")
    if not set(wanted) <= allowed:
        raise ApiError(ErrorCode.BAD_FIELD, field="fields")
    return wanted
