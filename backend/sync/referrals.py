"""Records that came back, handed up to the office by who wrote them (上交记录). See docs/referrals.md.

The phone gives away what it cannot mend; it lies here sealed until the office has answered, and a month longer. What
is taken in after all goes the way of every upload, in its author's name and under its own id: exactly once.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import transaction
from msgspec import Raw, Struct

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.facts.choices import Verdict
from backend.residents.choices import BlobPurpose
from backend.residents.rules import mask_name
from backend.residents.services import blob_expire, blob_open, blob_seal, stated_purpose
from backend.sync.choices import ItemKind, ReferralState
from backend.sync.intake import Incoming
from backend.sync.known import Known
from backend.sync.models import Referral
from backend.sync.shapes import BODIES, Item, ReferralBody

#: Until it is answered; nobody's record runs out of time because an office is slow.
KEEP_DAYS = 3650
KEEP_ANSWERED_DAYS = 30
#: What is about other records of the inbox is not handed up itself.
_NOT_HANDED_UP = (ItemKind.REFERRAL, ItemKind.CONFLICT_CHOICE)
#: What a record may have: a phone may have sent anything, and its words do not go into the audit trail.
_FIELDS = frozenset(name for shape in BODIES.values() for name in shape.__struct_fields__)
#: Fields of records that name somebody.
_NAMES = ("name", "head_name")


class ReferredItem(Struct):
    """What lies sealed: the item as it was sent, its author's words, and how far his clock was off then."""

    item: Item
    note: str
    skew_seconds: float


_SEALED = msgspec.json.Decoder(ReferredItem)
_BODY = msgspec.json.Decoder(dict[str, Any])


def referral_place(item: Incoming, known: Known) -> None:
    """File a referral under its author's cell of that day, or reject it: who had no duty for a month has no office."""
    body = item.body
    assert isinstance(body, ReferralBody)
    if body.kind in _NOT_HANDED_UP:
        return item.reject(ErrorCode.BAD_FIELD, "body.kind")
    cells = [*known.user.scope_on(Capability.SYNC, item.placed.business_day), *known.user.scope(Capability.SYNC)]
    if not cells:
        return item.reject(ErrorCode.FORBIDDEN)
    item.region_code, item.place = cells[0], body.place
    return None


def store_referrals(items: Sequence[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
    """Keep the referrals just claimed, sealed, in the caller's transaction."""
    for item in items:
        body = item.body
        if not isinstance(body, ReferralBody) or item.verdict is not Verdict.CREATED:
            continue
        assert item.id is not None
        assert item.observed_at is not None
        record = Raw(msgspec.json.encode(body.record))
        sent = Item(body.item, body.kind, body.schema, body.seq, body.observed_at, record)
        skew = item.placed.corrected_at - item.observed_at
        Referral.objects.create(
            id=item.id, item=body.item, kind=body.kind, code=body.code, region_code=item.region_code, place=item.place,
            author=user, device_id=device, made_at=body.observed_at + skew, received_at=received_at,
            content=blob_seal(
                purpose=BlobPurpose.REFERRED_ITEM,
                content=msgspec.json.encode(ReferredItem(sent, body.note or "", skew.total_seconds())),
                region_code=item.region_code, author_id=user.pk, keep_days=KEEP_DAYS,
            ),
        )  # fmt: skip


def referred(referral: Referral) -> ReferredItem:
    """What was handed up. Raises WRONG_STATE once it was answered so long ago that it is gone."""
    content = blob_open(blob_id=referral.content)
    if content is None:
        raise ApiError(ErrorCode.WRONG_STATE)
    return _SEALED.decode(content)


@transaction.atomic
def referral_answer(*, referral_id: uuid.UUID, state: ReferralState, actor: User) -> None:
    """Say what became of it; its author's phone is told. Raises WRONG_STATE when it was answered otherwise.

    The caller has made sure that `actor` answers for its author's cell.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(pk=referral_id)
    if referral.state == state:
        return
    if referral.state != ReferralState.OPEN:
        raise ApiError(ErrorCode.WRONG_STATE)
    referral.state, referral.answered_at = state.value, clock.now()
    referral.answered_by_name = actor.display_name
    referral.save()
    blob_expire(blob_id=referral.content, keep_days=KEEP_ANSWERED_DAYS)
    audit_record(
        actor=actor, action="referral_answer", target_kind="referral", target_id=referral.pk,
        region=referral.region_code, detail={"state": state.value},
    )  # fmt: skip


@transaction.atomic
def referral_reveal(*, actor: User, referral: Referral, purpose: str) -> tuple[dict[str, Any], str]:
    """The record's body and its author's note, in the plain; audited.

    The caller has found `referral` in `actor`'s scope. Raises PURPOSE_REQUIRED, BAD_FIELD, FORBIDDEN, WRONG_STATE.
    """
    reason = stated_purpose(purpose)
    if not actor.has_capability(Capability.PERSON_REVEAL, referral.region_code):
        raise ApiError(ErrorCode.FORBIDDEN)
    kept = referred(referral)
    body = _BODY.decode(kept.item.body)
    for plain in (body.get(name) for name in _NAMES):
        if isinstance(plain, str) and plain:
            reason = reason.replace(plain, mask_name(plain))
    audit_record(
        actor=actor, action="referral_reveal", target_kind="referral", target_id=referral.pk,
        region=referral.region_code, detail={"fields": sorted(_FIELDS & set(body)), "purpose": reason},
    )  # fmt: skip
    return body, kept.note
