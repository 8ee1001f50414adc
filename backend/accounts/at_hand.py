"""An account as every request needs it: the user, his duties of today, the device of his session; in one statement.

Asked anew in every request and never kept beyond it: a duty taken back, a device put out of use must hold at the next.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState

from backend.accounts.models import Duty, User

M = TypeVar("M", bound=Model)

_USER = ("id", "username", "display_name", "password", "sign_in_version", "must_change_password", "is_active")
_DUTY = ("id", "user_id", "role", "region_code", "predecessor_codes", "valid_from", "valid_to")
#: Columns of the session's device `v`, then of the user `u` and one of his duties `d`: what `account_from` reads.
DEVICE = "v.id, v.revoked_at IS NOT NULL, v.last_seen < %(now)s::timestamptz - interval '1 minute'"
ACCOUNT = ", ".join([*(f"u.{name}" for name in _USER), *(f"d.{name}" for name in _DUTY)])
WITH_ACCOUNT = """
    (accounts_user u LEFT JOIN accounts_duty d ON d.user_id = u.id AND d.valid_from <= %(today)s
        AND (d.valid_to IS NULL OR d.valid_to >= %(today)s) AND d.revoked_at IS NULL)
"""


class DeviceState(NamedTuple):
    """A device as it was found. `stale`: its last contact was noted more than a minute ago."""

    id: uuid.UUID
    revoked: bool
    stale: bool


class Account(NamedTuple):
    """Who a session belongs to, and the device that opened it, where one did."""

    user: User
    device: DeviceState | None


#: The account found with the session that is being judged right now.
_found: ContextVar[Account | None] = ContextVar("found", default=None)


def account_from(rows: Sequence[tuple[Any, ...]]) -> Account | None:
    """The account in rows of `DEVICE` and `ACCOUNT`, one for each duty; None where there is no such user."""
    device, user = rows[0][:3], rows[0][3 : 3 + len(_USER)]
    if user[0] is None:
        return None
    account = _instance(User, dict(zip(_USER, user, strict=True)))
    duties = [dict(zip(_DUTY, row[3 + len(_USER) :], strict=True)) for row in rows]
    account.__dict__["current_duties"] = tuple([_duty(duty) for duty in duties if duty["id"] is not None])
    return Account(account, None if device[0] is None else DeviceState(*device))


def _duty(row: dict[str, Any]) -> Duty:
    # The adapter leaves JSON as text for the field to decode.
    row["predecessor_codes"] = msgspec.json.decode(row["predecessor_codes"])
    return _instance(Duty, row)


def _instance(model: type[M], values: dict[str, Any]) -> M:
    """As `from_db`, for a third of its time: without the signals of a model's making, which nobody listens to."""
    made = model.__new__(model)
    made._state = ModelState()
    made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
    made.__dict__.update(values)
    return made


@contextmanager
def at_hand(account: Account | None) -> Iterator[None]:
    """Within, `user_at_hand` knows this account without asking the database again."""
    token = _found.set(account)
    try:
        yield
    finally:
        _found.reset(token)


def user_at_hand(user_id: int) -> User | None:
    """The user with this id, if the session being judged was found with him."""
    account = _found.get()
    return account.user if account and account.user.pk == user_id else None
