"""Delegation: nobody hands out what he does not hold, nor outside his regions; health comes from health."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import make_password

from backend.accounts.choices import CAPABILITIES_OF, HEALTH_CAPABILITIES, Capability, Role
from backend.accounts.models import Duty, User
from backend.accounts.services import duty_grant, duty_revoke, user_create, user_suspend, user_update
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.fields import CODE_LENGTHS
from backend.regions.models import Region
from tests.conftest import CELL, OTHER_CELL

TOWNSHIP, VILLAGE, COUNTY, PREFECTURE = CELL[:9], CELL[:12], CELL[:6], CELL[:4]
HOME = {
    Role.GRID_WORKER: CELL, Role.GRID_LEADER: CELL, Role.VILLAGE: VILLAGE, Role.CLINIC: VILLAGE,
    Role.TOWNSHIP: TOWNSHIP, Role.COUNTY: COUNTY, Role.PREFECTURE: PREFECTURE, Role.PROVINCE: "22",
    Role.HEALTH: COUNTY, Role.SYSTEM_ADMIN: COUNTY, Role.AUDITOR: COUNTY,
}  # fmt: skip


@pytest.fixture
def someone(user_with: Callable[..., User]) -> User:
    return user_with(Role.CLINIC, VILLAGE, "someone")


def refusal(actor: User, user: User, role: Role, region: str) -> ErrorCode | None:
    try:
        duty_grant(actor=actor, user=user, role=role, region=region)
    except ApiError as error:
        return error.code
    return None


@pytest.mark.parametrize("giver", list(Role))
@pytest.mark.parametrize("role", list(Role))
def test_nobody_escalates(giver: Role, role: Role, user_with: Callable[..., User], someone: User) -> None:
    """For each pair of roles: what was granted is held by the giver there, or came down the health line."""
    actor = user_with(giver, HOME[giver], "giver")
    for region in [CELL[:length] for length in CODE_LENGTHS]:
        if refusal(actor, someone, role, region) is not None:
            continue
        assert actor.scope().covers(region)
        assert actor.has_capability(Capability.USER_MANAGE, region)
        beyond = {c for c in CAPABILITIES_OF[role] if not actor.has_capability(c, region)}
        if CAPABILITIES_OF[role] & HEALTH_CAPABILITIES:
            assert giver is Role.HEALTH
            assert len(region) > len(HOME[giver])
        assert not beyond


@pytest.mark.parametrize(
    ("giver", "at", "role", "region", "expected"),
    [
        (Role.TOWNSHIP, TOWNSHIP, Role.GRID_WORKER, CELL, None),
        (Role.TOWNSHIP, TOWNSHIP, Role.VILLAGE, VILLAGE, None),
        (Role.TOWNSHIP, TOWNSHIP, Role.GRID_WORKER, OTHER_CELL, ErrorCode.UNKNOWN_REGION),
        (Role.TOWNSHIP, TOWNSHIP, Role.COUNTY, COUNTY, ErrorCode.UNKNOWN_REGION),
        (Role.TOWNSHIP, TOWNSHIP, Role.GRID_WORKER, VILLAGE, ErrorCode.WRONG_LEVEL),
        (Role.COUNTY, COUNTY, Role.TOWNSHIP, TOWNSHIP, None),
        (Role.COUNTY, COUNTY, Role.SYSTEM_ADMIN, COUNTY, ErrorCode.GRANT_TOO_WIDE),
        (Role.COUNTY, COUNTY, Role.HEALTH, TOWNSHIP, ErrorCode.HEALTH_GRANT_ONLY),
        (Role.HEALTH, COUNTY, Role.HEALTH, TOWNSHIP, None),
        (Role.HEALTH, COUNTY, Role.HEALTH, COUNTY, ErrorCode.HEALTH_GRANT_ONLY),
        (Role.HEALTH, PREFECTURE, Role.HEALTH, TOWNSHIP, ErrorCode.HEALTH_GRANT_ONLY),
        (Role.HEALTH, PREFECTURE, Role.HEALTH, COUNTY, None),
        (Role.HEALTH, COUNTY, Role.GRID_WORKER, CELL, ErrorCode.GRANT_TOO_WIDE),
        (Role.SYSTEM_ADMIN, COUNTY, Role.GRID_WORKER, CELL, ErrorCode.GRANT_TOO_WIDE),
        (Role.SYSTEM_ADMIN, COUNTY, Role.SYSTEM_ADMIN, COUNTY, None),
        (Role.VILLAGE, VILLAGE, Role.GRID_WORKER, CELL, ErrorCode.GRANT_TOO_WIDE),
        (Role.GRID_WORKER, CELL, Role.GRID_WORKER, CELL, ErrorCode.GRANT_TOO_WIDE),
    ],
)  # fmt: skip
def test_who_may_grant_what(
    giver: Role, at: str, role: Role, region: str, expected: ErrorCode | None,
    user_with: Callable[..., User], someone: User,
) -> None:  # fmt: skip
    actor = user_with(giver, at, "giver")
    assert refusal(actor, someone, role, region) is expected
    assert Duty.objects.filter(user=someone, role=role, region_code=region).exists() is (expected is None)


def test_a_grant_is_audited_and_the_same_grant_is_one_duty(user_with: Callable[..., User], someone: User) -> None:
    boss = user_with(Role.TOWNSHIP, TOWNSHIP)
    first = duty_grant(actor=boss, user=someone, role=Role.GRID_WORKER, region=CELL)
    assert duty_grant(actor=boss, user=someone, role=Role.GRID_WORKER, region=CELL).pk == first.pk
    entry = AuditEntry.objects.get(action="duty_granted")
    assert (entry.actor_name, entry.region_code, entry.target_id) == (boss.username, CELL, str(first.pk))


def test_a_duty_runs_from_day_to_day(user_with: Callable[..., User], someone: User) -> None:
    today = clock.today()
    boss = user_with(Role.TOWNSHIP, TOWNSHIP)
    duty_grant(actor=boss, user=someone, role=Role.GRID_WORKER, region=CELL, valid_from=today + dt.timedelta(days=1))
    assert not User.objects.get(pk=someone.pk).has_capability(Capability.VISIT_RECORD)
    Duty.objects.filter(user=someone).update(valid_from=today, valid_to=today)
    assert User.objects.get(pk=someone.pk).has_capability(Capability.VISIT_RECORD, CELL)
    with pytest.raises(ApiError, match="bad_field valid_to"):
        duty_grant(actor=boss, user=someone, role=Role.GRID_WORKER, region=CELL, valid_to=today - dt.timedelta(days=1))


def test_who_may_grant_may_take_back(user_with: Callable[..., User], someone: User) -> None:
    boss = user_with(Role.TOWNSHIP, TOWNSHIP)
    duty = duty_grant(actor=boss, user=someone, role=Role.GRID_WORKER, region=CELL)
    with pytest.raises(ApiError, match="not_found"):
        duty_revoke(actor=user_with(Role.TOWNSHIP, "220521902"), duty=duty)
    with pytest.raises(ApiError, match="grant_too_wide"):
        duty_revoke(actor=user_with(Role.VILLAGE, VILLAGE), duty=duty)
    duty_revoke(actor=boss, duty=duty)
    duty_revoke(actor=boss, duty=duty)
    assert AuditEntry.objects.filter(action="duty_revoked").count() == 1
    assert not User.objects.get(pk=someone.pk).has_capability(Capability.VISIT_RECORD)


def test_no_duty_at_a_pseudo_level(user_with: Callable[..., User], someone: User) -> None:
    boss = user_with(Role.COUNTY, COUNTY)
    Region.objects.filter(code=TOWNSHIP).update(placeholder=True)
    assert refusal(boss, someone, Role.TOWNSHIP, TOWNSHIP) is ErrorCode.UNKNOWN_REGION


def test_health_one_level_up_skips_a_pseudo_level(user_with: Callable[..., User], someone: User) -> None:
    Region.objects.filter(code=PREFECTURE).update(placeholder=True)
    Region.objects.filter(code=COUNTY).update(parent_code="22")
    assert refusal(user_with(Role.HEALTH, "22"), someone, Role.HEALTH, COUNTY) is None


def test_the_scope_includes_predecessors(user_with: Callable[..., User], someone: User) -> None:
    Region.objects.create(code="220521903", name="旧镇", level="township", successor_code=TOWNSHIP)
    Region.objects.create(code="220521904", name="更旧的镇", level="township", successor_code="220521903")
    boss = user_with(Role.COUNTY, COUNTY)
    duty_grant(actor=boss, user=someone, role=Role.TOWNSHIP, region=TOWNSHIP)
    assert User.objects.get(pk=someone.pk).scope().covers("220521904901901")


def test_an_account_is_made_with_a_duty_or_not_at_all(user_with: Callable[..., User]) -> None:
    boss = user_with(Role.TOWNSHIP, TOWNSHIP)
    user, password = user_create(
        actor=boss, username="Wang.Fang", display_name=" 王  芳 ", role=Role.GRID_WORKER, region=CELL
    )
    assert (user.username, user.display_name, user.must_change_password) == ("wang.fang", "王 芳", True)
    assert user.check_password(password)
    for bad, code in [
        ({"username": "a"}, "bad_field username"),
        ({"username": "wang.fang"}, "bad_field username"),
        ({"region": OTHER_CELL}, "unknown_region region"),
        ({"role": Role.SYSTEM_ADMIN, "region": COUNTY}, "unknown_region region"),
        ({"role": "king"}, "bad_field role"),
        ({"password": "12345678"}, "weak_password password"),
        ({"phone_hint": "12"}, "bad_field phone_hint"),
        ({"display_name": ""}, "bad_field display_name"),
    ]:
        values = {"username": "li.na", "display_name": "李娜", "role": Role.GRID_WORKER, "region": CELL, **bad}
        with pytest.raises(ApiError, match=code):
            user_create(actor=boss, **values)  # type: ignore[arg-type]
    assert not User.objects.filter(username="li.na").exists()


def test_many_accounts_may_share_a_hash_made_once(user_with: Callable[..., User]) -> None:
    known = make_password("秋收冬藏-2026")
    for username, password_hash, signs_in in [("a.one", known, True), ("b.two", make_password(None), False)]:
        user, password = user_create(
            actor=None, username=username, display_name="网格员", role=Role.GRID_WORKER, region=CELL,
            password_hash=password_hash,
        )  # fmt: skip
        assert (password, user.has_usable_password()) == ("", signs_in)
        assert user.check_password("秋收冬藏-2026") is signs_in


def test_only_who_stands_above_changes_an_account(user_with: Callable[..., User]) -> None:
    worker = user_with(Role.GRID_WORKER, CELL)
    boss, colleague = user_with(Role.TOWNSHIP, TOWNSHIP), user_with(Role.TOWNSHIP, TOWNSHIP, "colleague")
    user_update(actor=boss, user=worker, changes={"display_name": "新名字", "phone_hint": "1234"})
    assert User.objects.get(pk=worker.pk).display_name == "新名字"
    for actor, target in [(boss, colleague), (boss, boss), (worker, boss), (user_with(Role.VILLAGE, VILLAGE), worker)]:
        with pytest.raises(ApiError, match="grant_too_wide"):
            user_suspend(actor=actor, user=target, suspended=True)
    # A worker who also holds a duty elsewhere is no longer the township's alone.
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=OTHER_CELL, valid_from=clock.today())
    with pytest.raises(ApiError, match="grant_too_wide"):
        user_suspend(actor=boss, user=worker, suspended=True)
