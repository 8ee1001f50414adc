"""Giving and taking duties (授予、撤销职责): the rules of delegation are in `accounts.rules`."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from backend.accounts.choices import CAPABILITIES_OF, HEALTH_CAPABILITIES, Capability, Role
from backend.accounts.listeners import announce_duties_changed
from backend.accounts.models import Duty, User
from backend.accounts.rules import Refusal, level_fits, may_hand_out
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.regions.choices import Level
from backend.regions.models import Region
from backend.regions.selectors import predecessors_of


def duty_grant(
    *,
    actor: User | None,
    user: User,
    role: Role | str,
    region: str,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> Duty:
    """Put `user` in `role` for `region` from `valid_from` (today) to `valid_to` (open).

    Nobody grants what he does not hold there, nor outside his own regions; health capabilities come from the health
    officer one level up. `actor` None is the system itself. The same duty twice is one duty. Raises `bad_field`,
    `unknown_region`, `wrong_level`, `grant_too_wide`, `health_grant_only`.
    """
    if role not in Role.values:
        raise ApiError(ErrorCode.BAD_FIELD, field="role")
    role = Role(role)
    start = valid_from or clock.today()
    if valid_to is not None and valid_to < start:
        raise ApiError(ErrorCode.BAD_FIELD, field="valid_to", message="终止日期不能早于起始日期。")
    place = Region.objects.real().filter(code=region, valid_to=None).first()
    if place is None or (actor is not None and not actor.scope().covers(region)):
        raise ApiError(ErrorCode.UNKNOWN_REGION, field="region")
    if not level_fits(role, Level(place.level)):
        raise ApiError(ErrorCode.WRONG_LEVEL, field="region")
    if actor is not None:
        _may(actor, role, place)
    with transaction.atomic():
        # One writer per account at a time, so that a double tap finds the duty of the first.
        User.objects.select_for_update().get(pk=user.pk)
        duty, made = Duty.objects.get_or_create(
            user=user, role=role, region_code=region, valid_from=start, valid_to=valid_to, revoked_at=None,
            defaults={"granted_by": actor, "predecessor_codes": predecessors_of(region)},
        )  # fmt: skip
        if made:
            _changed(actor=actor, action="duty_granted", duty=duty)
    return duty


def duty_revocable(*, actor: User, duty: Duty) -> bool:
    """Whether `duty_revoke` would let `actor` take this duty back: who may grant it may take it."""
    try:
        _may_take(actor, duty)
    except ApiError:
        return False
    return duty.revoked_at is None


def _may_take(actor: User, duty: Duty) -> None:
    if not actor.scope().covers(duty.region_code):
        raise ApiError(ErrorCode.NOT_FOUND)
    place = Region.objects.filter(code=duty.region_code).first()
    if place is None:
        raise ApiError(ErrorCode.UNKNOWN_REGION)
    _may(actor, Role(duty.role), place)


def duty_revoke(*, actor: User | None, duty: Duty) -> Duty:
    """Take the duty back, from this moment. Whoever may grant it may take it. Idempotent."""
    if actor is not None:
        _may_take(actor, duty)
    if duty.revoked_at is not None:
        return duty
    with transaction.atomic():
        duty.revoked_at = timezone.now()
        duty.save(update_fields=["revoked_at"])
        _changed(actor=actor, action="duty_revoked", duty=duty)
    return duty


@transaction.atomic
def duties_follow_cell(*, actor: User | None, code: str, successor: str, keep: bool) -> int:
    """What becomes of the duties of a cell whose `successor` takes it over. Returns how many there were.

    They end; with `keep` the same people go on in the successor. Who serves there sees from now on what was recorded
    under the old code. The caller has written `successor_code`. Raises what granting and revoking raise.
    """
    ending = list(Duty.objects.in_force().filter(region_code=code).select_related("user").order_by("pk"))
    for duty in ending:
        duty_revoke(actor=actor, duty=duty)
    codes = predecessors_of(successor)
    for duty in Duty.objects.in_force().filter(region_code=successor).select_related("user").order_by("pk"):
        duty.predecessor_codes = codes
        duty.save(update_fields=["predecessor_codes"])
        announce_duties_changed(duty.user_id)
    serving = set(Duty.objects.in_force().filter(region_code=successor).values_list("user_id", "role"))
    for duty in ending if keep else ():
        if (duty.user_id, duty.role) not in serving:
            duty_grant(actor=actor, user=duty.user, role=duty.role, region=successor, valid_to=duty.valid_to)
    return len(ending)


def _may(actor: User, role: Role, place: Region) -> None:
    if not actor.has_capability(Capability.USER_MANAGE, place.code):
        raise ApiError(ErrorCode.GRANT_TOO_WIDE, field="role")
    refusal = may_hand_out(
        role,
        place.code,
        scopes={capability: actor.scope(capability) for capability in CAPABILITIES_OF[role]},
        health_regions=[d.region_code for d in actor.current_duties if d.capabilities & HEALTH_CAPABILITIES],
        parent=place.parent_code,
    )
    if refusal is Refusal.HEALTH_ONLY:
        raise ApiError(ErrorCode.HEALTH_GRANT_ONLY, field="role")
    if refusal is Refusal.TOO_WIDE:
        raise ApiError(ErrorCode.GRANT_TOO_WIDE, field="role")


def _changed(*, actor: User | None, action: str, duty: Duty) -> None:
    audit_record(
        actor=actor, action=action, target_kind="duty", target_id=duty.pk, region=duty.region_code,
        detail={"user": duty.user_id, "role": duty.role},
    )  # fmt: skip
    duty.user.__dict__.pop("current_duties", None)
    duty.user.__dict__.pop("capabilities", None)
    announce_duties_changed(duty.user_id)
