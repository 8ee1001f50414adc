"""The history id (历史标识): which past a cursor belongs to. See docs/sync.md, "History".

A database that was restored, or cloned into another cluster, has another past than the one its phones followed. It gets
a new history id, and every row whose transaction number lies in this cluster's future is stamped anew, or phones would
not see it until the numbers catch up.
"""

import time
import uuid

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from backend.sync.models import History

# The cluster's identity is looked at again after this many seconds; a fail-over changes it under a running process.
_LIFETIME = 30.0
_checked: dict[str, tuple[float, str]] = {}


def current_history() -> str:
    """The history id as text, remade first when the cluster is no longer the one it was made in."""
    database = connection.settings_dict["NAME"]
    read_at, known = _checked.get(database, (-_LIFETIME, ""))
    if time.monotonic() - read_at > _LIFETIME:
        known = _check()
        _checked[database] = (time.monotonic(), known)
    return known


def forget_history() -> None:
    """Drop what this process knows of the history."""
    _checked.clear()


def history_remake() -> str:
    """Make a new history id for this cluster and stamp rows of a foreign future anew. Returns the id."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sync_history'))")
        return _remake()


def _check() -> str:
    cluster = _cluster()
    stored = History.objects.filter(pk=History.SINGLETON).values_list("history_id", "system_identifier", "timeline")
    row = stored.first()
    if row is not None and row[1:] == cluster:
        return str(row[0])
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sync_history'))")
        # Another process may have remade it while this one waited.
        row = stored.first()
        return str(row[0]) if row is not None and row[1:] == cluster else _remake()


def _remake() -> str:
    history_id = uuid.uuid4()
    system_identifier, timeline = _cluster()
    History.objects.update_or_create(
        pk=History.SINGLETON,
        defaults={
            "history_id": history_id,
            "system_identifier": system_identifier,
            "timeline": timeline,
            "made_at": timezone.now(),
        },
    )
    with connection.cursor() as cursor:
        for table in changed_tables():
            cursor.execute(
                f'UPDATE "{table}" SET changed_xid = pg_current_xact_id()::text::bigint '
                "WHERE changed_xid > pg_current_xact_id()::text::bigint"
            )
    forget_history()
    return str(history_id)


def changed_tables() -> list[str]:
    """Every table whose rows carry `changed_xid`."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models()
        if any(field.name == "changed_xid" for field in model._meta.local_concrete_fields)
    )


def _cluster() -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT system_identifier::text FROM pg_control_system()), "
            "(SELECT timeline_id FROM pg_control_checkpoint())"
        )
        identifier, timeline = cursor.fetchone()
    return identifier, timeline
