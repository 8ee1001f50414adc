"""Closing a phone's day (手机日清): made = confirmed, compared by id and signed. Duty E2. See docs/receipts.md."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from backend.accounts.models import Device, User
from backend.core import clock, signing
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.facts.choices import Verdict
from backend.facts.models import SyncItem
from backend.sync.choices import ReferralState
from backend.sync.history import current_history
from backend.sync.models import DayClosing, Referral
from backend.sync.rules import Statement

#: Ids that one comparison may name; a worker makes some 300 a day.
MAX_MADE = 5000


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a phone's day looks like from here. `missing` and `refused` are ids the phone should act on."""

    confirmed: int
    missing: list[uuid.UUID]
    refused: list[uuid.UUID]
    forgotten: int
    statement: str
    signature: bytes

    @property
    def closed(self) -> bool:
        return not self.missing and not self.refused


def day_close(*, user: User, device: uuid.UUID, day: dt.date, made: Sequence[uuid.UUID]) -> Comparison:
    """Compare the ids a phone made on `day` with the ledger, sign what is found, and keep it for the office.

    Ids are compared whatever day the server filed them under: a phone whose clock is off counts by its own days.
    Raises NOT_FOUND for somebody else's device, DEVICE_REVOKED for one out of use.
    """
    device_of(user=user, device=device)
    with transaction.atomic():
        own = SyncItem.objects.filter(author_id=user.pk)
        held = dict(own.filter(id__in=made).values_list("id", "verdict"))
        stored = own.filter(device_id=device, day=day, verdict=Verdict.CREATED)
        # What was handed up and taken in after all the phone has given away; it has not forgotten it.
        taken_in = Referral.objects.filter(author=user, state=ReferralState.STORED).values("item")
        forgotten = stored.exclude(id__in=made).exclude(id__in=taken_in).count()
        confirmed = sorted(item for item, verdict in held.items() if verdict == Verdict.CREATED)
        refused = sorted(item for item, verdict in held.items() if verdict != Verdict.CREATED)
        missing = sorted(item for item in set(made) if item not in held)
        now = clock.now()
        digest = hashlib.sha256("\n".join(map(str, confirmed)).encode()).hexdigest()
        statement = Statement(
            history=current_history(), device=device, user=user.pk, day=day, made=len(set(made)),
            confirmed=len(confirmed), digest=digest, at=now,
        ).text()  # fmt: skip
        comparison = Comparison(len(confirmed), missing, refused, forgotten, statement, signing.sign(statement))
        DayClosing.objects.bulk_create(
            [
                DayClosing(
                    id=new_id(), device_id=device, author_id=user.pk, day=day, made=len(set(made)),
                    confirmed=len(confirmed), refused=len(refused), missing=len(missing), forgotten=forgotten,
                    compared_at=now, closed_at=now if comparison.closed else None, statement=statement,
                    signature=comparison.signature,
                )
            ],
            update_conflicts=True,
            unique_fields=["device_id", "author_id", "day"],
            update_fields=[
                "made", "confirmed", "refused", "missing", "forgotten", "compared_at", "closed_at", "statement",
                "signature",
            ],
        )  # fmt: skip
    return comparison


def device_of(*, user: User, device: uuid.UUID) -> None:
    """Make sure that `device` is the user's, or one nobody knows yet. Raises NOT_FOUND, DEVICE_REVOKED."""
    row = Device.objects.filter(pk=device).values_list("user_id", "revoked_at").first()
    if row is None:
        return
    holder, revoked_at = row
    if holder != user.pk:
        raise ApiError(ErrorCode.NOT_FOUND, field="device")
    if revoked_at is not None:
        raise ApiError(ErrorCode.DEVICE_REVOKED)
