"""`SESSION_ENGINE`: Django's sessions in a table of ours, read with the account they belong to in one statement."""

from typing import Any, cast

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from backend.accounts.at_hand import ACCOUNT, DEVICE, WITH_ACCOUNT, Account, DeviceState, account_from
from backend.accounts.choices import DEVICE_KEY
from backend.accounts.models import Session
from backend.core import clock
from backend.core.sql import Question, Rows, fetch

_WHOSE = f"""
    {DEVICE}, {ACCOUNT}
FROM accounts_session s
    LEFT JOIN accounts_device v ON v.id = s.device_id
    LEFT JOIN {WITH_ACCOUNT} ON u.id = s.user_id
WHERE s.session_key = %(key)s AND s.expire_date > %(now)s
"""
_LOAD = f"SELECT s.session_data, {_WHOSE}"
_SIGNED_IN = f"SELECT s.auth_hash, {_WHOSE}"


class SessionStore(db.SessionStore):
    """Reads every request's session and, with it, who is signed in, his duties of today and his device.

    `account` is what was found with the session when it was read; None before, and where nobody is signed in.
    """

    account: Account | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.auth_hash = data.get(HASH_SESSION_KEY, "")
        row.device_id = data.get(DEVICE_KEY)
        return row

    def load(self) -> dict[str, Any]:
        rows = fetch(_LOAD, _asked(self.session_key)) if self.session_key else []
        if not rows:
            self._session_key = None
            return {}
        self.account = account_from([row[1:] for row in rows])
        return self.decode(rows[0][0])


def _asked(session_key: str) -> dict[str, Any]:
    return {"key": session_key, "now": timezone.now(), "today": clock.today()}


def signed_in_asked(session_key: str) -> Question[Account | None]:
    """Who is signed in by this session, judged as Django does without unpacking the session; None where nobody is.

    A session that Django would still accept by an older secret is nobody's here.
    """
    return Question(_SIGNED_IN, _asked(session_key), _read_signed_in)


def _read_signed_in(rows: Rows) -> Account | None:
    account = account_from([row[1:] for row in rows]) if rows else None
    if account is None or not account.user.is_active:
        return None
    return account if constant_time_compare(rows[0][0], account.user.get_session_auth_hash()) else None


def device_of_session(request: HttpRequest) -> DeviceState | None:
    """The device that opened the request's session, as it stood when the session was read."""
    account = getattr(request.session, "account", None)
    return account.device if account else None
