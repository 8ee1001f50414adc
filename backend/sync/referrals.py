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
from backend.residents.services import blob_expire, blob_open, blobs_seal, stated_purpose
from backend.sync.choices import ItemKind, ReferralState
from backend.sync.intake import Incoming
from backend.sync.known import Known
from backend.sync.models import Referral
from backend.sync.shapes import BODIES, Item, ReferralBody

#: Until it is answered; nobody's record runs out of time because an office is slow.
KEEP_DAYS = 3650
KEEP_ANSWERED_DAYS = 30
#: Beyond these no clock is put right, and no calendar holds what comes of it.
_MOST_SKEW, _YEARS = dt.timedelta(days=366_000), range(1900, 2900)
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
    if _put_right(item, body) is None:
        return item.reject(ErrorCode.BAD_FIELD, "body.observed_at")
    cells = [*known.user.scope_on(Capability.SYNC, item.placed.business_day), *known.user.scope(Capability.SYNC)]
    if not cells:
        return item.reject(ErrorCode.FORBIDDEN)
    item.region_code, item.place = cells[0], body.place
    return None


def _put_right(item: Incoming, body: ReferralBody) -> tuple[dt.timedelta, dt.datetime] | None:
    """How far the phone's clock was off, and when the record was made by the right one; None where neither can be."""
    assert item.observed_at is not None
    skew = item.placed.corrected_at - item.observed_at
    plausible = abs(skew) <= _MOST_SKEW and body.observed_at.year in _YEARS
    return (skew, body.observed_at + skew) if plausible else None


def store_referrals(items: Sequence[Incoming], *, user: User, device: uuid.UUID, received_at: dt.datetime) -> None:
    """Keep the referrals just claimed, sealed, in the caller's transaction. Two statements, however many there are."""
    made = []
    for item in items:
        if not isinstance(item.body, ReferralBody) or item.verdict is not Verdict.CREATED:
            continue
        body, timed = item.body, _put_right(item, item.body)
        assert item.id is not None
        assert timed is not None
        skew, made_at = timed
        record = Raw(msgspec.json.encode(body.record))
        sent = Item(body.item, body.kind, body.schema, body.seq, body.observed_at, record)
        row = Referral(
            id=item.id, item=body.item, kind=body.kind, code=body.code, region_code=item.region_code, place=item.place,
            author=user, device_id=device, made_at=made_at, received_at=received_at,
        )  # fmt: skip
        made.append((row, msgspec.json.encode(ReferredItem(sent, body.note or "", skew.total_seconds()))))
    if not made:
        return
    contents = blobs_seal(
        purpose=BlobPurpose.REFERRED_ITEM, contents=[(row.region_code, content) for row, content in made],
        author_id=user.pk, keep_days=KEEP_DAYS,
    )  # fmt: skip
    for (row, _), content in zip(made, contents, strict=True):
        row.content = content
    Referral.objects.bulk_create([row for row, _ in made])


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
