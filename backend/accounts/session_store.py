"""`SESSION_ENGINE`: Django's sessions in the database, looked up by a prepared statement."""

from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from backend.core.sql import fetch

_LOAD = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(db.SessionStore):
    """Reads every request's session; writing stays with Django."""

    def load(self) -> dict[str, Any]:
        rows = fetch(_LOAD, [self.session_key, timezone.now()]) if self.session_key else []
        if not rows:
            self._session_key = None
            return {}
        return self.decode(rows[0][0])
