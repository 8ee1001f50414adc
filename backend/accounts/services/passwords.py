"""Passwords: changed by their owner, or reset from above by a code that works once and for a day."""

import datetime as dt
import secrets

from axes.utils import reset as axes_reset
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.accounts.selectors import commands
from backend.accounts.services.sessions import sessions_end
from backend.core.errors import ApiError, ErrorCode

CODE_LIFETIME = dt.timedelta(hours=24)
CODE_DIGITS = 8
#: A code of eight digits stands five guesses, wherever they come from.
CODE_TRIES = 5
PASSWORD_LIMIT = 128


def check_strength(password: str, user: User, *, field: str = "password") -> None:
    """Raise `weak_password` unless the password is long and odd enough for `user`."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ApiError(ErrorCode.WEAK_PASSWORD, field=field) from error


def password_change(*, user: User, old: str, new: str, request: HttpRequest | None = None) -> None:
    """The owner's own change. Ends his sessions, but for the one that `request` came in.

    Raises `bad_credentials` (field `old`), `weak_password`.
    """
    if not user.check_password(old):
        raise ApiError(ErrorCode.BAD_CREDENTIALS, field="old", message="原密码不正确。")
    if old == new:
        raise ApiError(ErrorCode.WEAK_PASSWORD, field="new", message="新密码不能与原密码相同。")
    check_strength(new, user, field="new")
    _set(user=user, actor=user, password=new, action="password_changed", keep=request)


def password_reset(*, actor: User | None, user: User) -> str:
    """Issue a one-time code for somebody below, e.g. a village worker by his township. Returned once, kept as a hash.

    Valid for 24 hours; the old password and the open sessions end at once. `actor` None is the operator at the server,
    for who has nobody above him. Raises `grant_too_wide`.
    """
    if actor is not None and not commands(actor, user, Capability.PASSWORD_RESET):
        raise ApiError(ErrorCode.GRANT_TOO_WIDE, message="只能为本辖区内的下级人员重置密码。")
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    with transaction.atomic():
        user.reset_code_hash = make_password(code)
        user.reset_code_until = timezone.now() + CODE_LIFETIME
        user.reset_code_tries = 0
        user.set_unusable_password()
        user.save(update_fields=["reset_code_hash", "reset_code_until", "reset_code_tries", "password"])
        sessions_end(user=user, actor=actor, action="password_reset")
    return code


def password_redeem(*, username: str, code: str, new: str) -> User:
    """Trade the code for a new password. Raises `bad_reset_code` (no word on which account exists), `weak_password`."""
    with transaction.atomic():
        user = User.objects.select_for_update().filter(username=username, is_active=True).first()
        open_until = user.reset_code_until if user else None
        usable = (
            user is not None
            and bool(user.reset_code_hash)
            and open_until is not None
            and open_until > timezone.now()
            and user.reset_code_tries < CODE_TRIES
        )
        # One hash is computed in every case, so that the time taken tells nothing.
        matches = check_password(code, user.reset_code_hash) if user and usable else not make_password(code)
        if user is not None and matches:
            check_strength(new, user, field="new")
            _set(user=user, actor=user, password=new, action="password_redeemed")
            axes_reset(username=username)
            return user
        if user is not None and usable:
            user.reset_code_tries += 1
            user.save(update_fields=["reset_code_tries"])
    raise ApiError(ErrorCode.BAD_RESET_CODE, field="code")


def _set(*, user: User, actor: User, password: str, action: str, keep: HttpRequest | None = None) -> None:
    with transaction.atomic():
        user.set_password(password)
        user.must_change_password = False
        user.reset_code_hash, user.reset_code_until, user.reset_code_tries = "", None, 0
        user.save(
            update_fields=[
                "password", "must_change_password", "reset_code_hash", "reset_code_until", "reset_code_tries",
            ]
        )  # fmt: skip
        sessions_end(user=user, actor=actor, action=action, keep=keep)
