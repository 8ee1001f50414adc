"""The trail cannot be rewritten by the application, and rewriting it otherwise shows."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from backend.audit.models import AuditEntry
from backend.audit.services import audit_record, audit_seal, audit_verify
from backend.ops.grants import grant_application_role

pytestmark = pytest.mark.django_db
ROLE = "gk_test_application"


@pytest.fixture
def as_application() -> None:
    """The connection acts as a role with the application's grants, for the rest of the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {ROLE}")
        grant_application_role(ROLE)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")


def record() -> None:
    audit_record(actor=None, action="test", target_kind="thing", target_id=1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET action = 'x'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
        "UPDATE audit_auditseal SET digest = ''",
        "DROP TABLE audit_auditentry",
    ],
)
def test_the_application_may_not_alter_the_trail(as_application: None, statement: str) -> None:
    record()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.count() == 1


def test_a_changed_entry_breaks_the_seal_of_its_day() -> None:
    record()
    AuditEntry.objects.update(at=timezone.now() - dt.timedelta(days=3))
    assert audit_seal(until=timezone.localdate()) == 3
    assert audit_seal(until=timezone.localdate()) == 0
    assert audit_verify() == []
    day = timezone.localdate() - dt.timedelta(days=3)
    AuditEntry.objects.update(action="forged")
    assert day in audit_verify()


def test_a_removed_entry_breaks_the_seal() -> None:
    record()
    AuditEntry.objects.update(at=timezone.now() - dt.timedelta(days=1))
    audit_seal(until=timezone.localdate())
    AuditEntry.objects.all().delete()
    assert len(audit_verify()) == 1
