"""`AUTHENTICATION_BACKENDS`: passwords as Django checks them; the user of a session comes with his duties of today."""

import json
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Model

from backend.accounts.models import Duty, User
from backend.core import clock
from backend.core.sql import fetch


def _fields(model: type[Model], *needed: str) -> tuple[str, ...]:
    """The needed columns in the model's own order, as `from_db` wants them."""
    return tuple(field.attname for field in model._meta.concrete_fields if field.attname in needed)


_USER = _fields(
    User, "id", "username", "display_name", "password", "sign_in_version", "must_change_password", "is_active"
)
_DUTY = _fields(Duty, "id", "user_id", "role", "region_code", "predecessor_codes", "valid_from", "valid_to")
_BY_ID = f"""
SELECT {", ".join(f"u.{name}" for name in _USER)}, {", ".join(f"d.{name}" for name in _DUTY)}
FROM accounts_user u LEFT JOIN accounts_duty d ON d.user_id = u.id AND d.valid_from <= %(today)s
    AND (d.valid_to IS NULL OR d.valid_to >= %(today)s) AND d.revoked_at IS NULL
WHERE u.id = %(user)s
"""


class AccountBackend(ModelBackend):
    """Every request asks who is signed in and what he may do: one prepared statement answers both."""

    def get_user(self, user_id: Any) -> User | None:
        rows = fetch(_BY_ID, {"user": int(user_id), "today": clock.today()})
        if not rows:
            return None
        user = User.from_db("default", _USER, rows[0][: len(_USER)])
        duties = (dict(zip(_DUTY, row[len(_USER) :], strict=True)) for row in rows)
        user.__dict__["current_duties"] = tuple(_duty(duty) for duty in duties if duty["id"] is not None)
        return user if self.user_can_authenticate(user) else None


def _duty(row: dict[str, Any]) -> Duty:
    # The adapter leaves JSON as text for the field to decode, which `from_db` does not do.
    row["predecessor_codes"] = json.loads(row["predecessor_codes"])
    return Duty.from_db("default", _DUTY, list(row.values()))
