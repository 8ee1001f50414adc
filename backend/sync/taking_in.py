"""A record that was handed up is taken in after all (重新收录): what kept it out has been put right meanwhile."""

import datetime as dt

import msgspec

from backend.accounts.models import User
from backend.core import clock
from backend.core.errors import ErrorCode
from backend.facts.choices import Verdict
from backend.sync.choices import ReferralState
from backend.sync.models import Referral
from backend.sync.referrals import referral_answer, referred
from backend.sync.services import ItemResult, batch_push
from backend.sync.shapes import Envelope


def referral_take_in(*, referral: Referral, actor: User) -> ItemResult:
    """Judge the record anew, in its author's name and under its own id; the verdict is final for the referral when the
    server holds the record then. Refused once more it stays open. Raises WRONG_STATE.

    No lock is held meanwhile: the ledger takes an id once, whoever brings it.
    """
    kept = referred(referral)
    sent_at = clock.now() - dt.timedelta(seconds=kept.skew_seconds)
    raw = msgspec.Raw(msgspec.json.encode(kept.item))
    pushed = batch_push(user=referral.author, envelope=Envelope(referral.device_id, 1, sent_at, [raw]))
    (result,) = pushed.results
    # An edit that clashes is here as well; what is left of it is a choice.
    if result.verdict in (Verdict.CREATED, Verdict.DUPLICATE) or result.code == ErrorCode.EDITED_ELSEWHERE.code:
        referral_answer(referral_id=referral.pk, state=ReferralState.STORED, actor=actor)
    return result
