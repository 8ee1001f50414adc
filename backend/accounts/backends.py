"""`AUTHENTICATION_BACKENDS`: passwords as Django checks them; the user of a session comes with his duties of today."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from backend.accounts.at_hand import ACCOUNT, WITH_ACCOUNT, account_from, user_at_hand
from backend.accounts.models import User
from backend.core import clock
from backend.core.sql import fetch

_BY_ID = f"SELECT NULL, NULL, NULL, {ACCOUNT} FROM {WITH_ACCOUNT} WHERE u.id = %(user)s"


class AccountBackend(ModelBackend):
    """Every request asks who is signed in and what he may do: he was found with his session, or is looked up here."""

    def get_user(self, user_id: Any) -> User | None:
        user = user_at_hand(int(user_id))
        if user is None:
            rows = fetch(_BY_ID, {"user": int(user_id), "today": clock.today()})
            account = account_from(rows) if rows else None
            user = account.user if account else None
        return user if user and self.user_can_authenticate(user) else None
