"""Accounts: made with a first duty, renamed, suspended and taken up again. No account is ever deleted."""

import datetime as dt
import re
import secrets
from typing import Any

from django.db import IntegrityError, transaction

from backend.accounts.choices import Capability, Role
from backend.accounts.models import User
from backend.accounts.selectors import commands
from backend.accounts.services.duties import duty_grant
from backend.accounts.services.passwords import check_strength
from backend.accounts.services.sessions import sessions_end
from backend.audit.services import audit_record
from backend.core.errors import ApiError, ErrorCode

_USERNAME = re.compile(r"[a-z0-9][a-z0-9_.-]{2,39}")
#: No look-alikes: these are read out over the telephone.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def user_create(
    *,
    actor: User | None,
    username: str,
    display_name: str,
    role: Role | str,
    region: str,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    password: str | None = None,
    phone_hint: str = "",
    must_change_password: bool = True,
    password_hash: str | None = None,
) -> tuple[User, str]:
    """A new account with its first duty; returns it with its password (made here when None), to be shown once.

    `actor` None is the system itself (commands, the demo). `password_hash`, from `make_password`, stands in for a
    password where many accounts share one or nobody signs in: a hash costs more than all the rest. Then "" is returned.
    Raises `bad_field`, `weak_password`, and what `duty_grant` raises.
    """
    username = username.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise ApiError(
            ErrorCode.BAD_FIELD,
            field="username",
            message="用户名应为 3–40 位小写字母、数字或 . _ -，以字母或数字开头。",
        )
    display_name = _clean_name(display_name)
    user = User(username=username, display_name=display_name, phone_hint=_clean_hint(phone_hint))
    user.must_change_password = must_change_password
    if password_hash is not None:
        user.password, password = password_hash, ""
    elif password is None:
        password = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        user.set_password(password)
    else:
        check_strength(password, user)
        user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            audit_record(actor=actor, action="user_created", target_kind="user", target_id=user.pk, region=region)
            duty_grant(actor=actor, user=user, role=role, region=region, valid_from=valid_from, valid_to=valid_to)
    except IntegrityError as error:
        raise ApiError(ErrorCode.BAD_FIELD, field="username", message="这个用户名已有人使用，请换一个。") from error
    return user, password


def user_update(*, actor: User, user: User, changes: dict[str, Any]) -> User:
    """Change `display_name` or `phone_hint` of somebody below."""
    _must_command(actor, user)
    if unknown := set(changes) - {"display_name", "phone_hint"}:
        raise ApiError(ErrorCode.UNKNOWN_FIELD, field=sorted(unknown)[0])
    if "display_name" in changes:
        user.display_name = _clean_name(changes["display_name"])
    if "phone_hint" in changes:
        user.phone_hint = _clean_hint(changes["phone_hint"])
    with transaction.atomic():
        user.save(update_fields=["display_name", "phone_hint"])
        audit_record(
            actor=actor,
            action="user_updated",
            target_kind="user",
            target_id=user.pk,
            detail={"fields": sorted(changes)},
        )
    return user


def user_suspend(*, actor: User, user: User, suspended: bool) -> User:
    """Stop an account (its sessions end), or take it up again. Idempotent."""
    _must_command(actor, user)
    if user.is_active is not suspended:
        return user
    with transaction.atomic():
        user.is_active = not suspended
        user.save(update_fields=["is_active"])
        if suspended:
            sessions_end(user=user, actor=actor, action="user_suspended")
        else:
            audit_record(actor=actor, action="user_resumed", target_kind="user", target_id=user.pk)
    return user


def _must_command(actor: User, user: User) -> None:
    if not commands(actor, user, Capability.USER_MANAGE):
        raise ApiError(ErrorCode.GRANT_TOO_WIDE)


def _clean_name(name: str) -> str:
    name = " ".join(str(name).split())
    if not 1 <= len(name) <= 40 or "\0" in name:
        raise ApiError(ErrorCode.BAD_FIELD, field="display_name", message="请填写姓名（不超过 40 字）。")
    return name


def _clean_hint(hint: str) -> str:
    hint = str(hint).strip()
    if hint and not re.fullmatch(r"[0-9]{4}", hint):
        raise ApiError(ErrorCode.BAD_FIELD, field="phone_hint", message="联系电话尾号应为四位数字，或不填。")
    return hint
