"""The trail cannot be rewritten by the application, and rewriting it otherwise shows."""

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path

import dj_database_url
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from backend.audit.models import AuditEntry
from backend.audit.services import audit_record, audit_seal, audit_verify
from backend.audit.words import TARGETS, action_label
from backend.ops.grants import grant_application_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def application(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A connection signed in as the application's own role, with the grants that `prepare` gives it."""
    grant_application_role()
    role = dj_database_url.parse(os.environ["DATABASE_URL"])
    with psycopg.connect(
        host=role["HOST"], port=role["PORT"] or None, user=role["USER"], password=role["PASSWORD"],
        dbname=connection.settings_dict["NAME"], autocommit=True,
    ) as signed_in:  # fmt: skip
        yield signed_in


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
def test_the_application_may_not_alter_the_trail(application: psycopg.Connection, statement: str) -> None:
    record()
    assert connection.settings_dict["USER"] != settings.APPLICATION_ROLE, "the tests run as the owner of the tables"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)
    assert AuditEntry.objects.count() == 1


def test_the_application_adds_to_the_trail_and_reads_it(application: psycopg.Connection) -> None:
    record()
    application.execute(
        "INSERT INTO audit_auditentry (at, actor_name, action, target_kind, target_id, region_code, detail) "
        "SELECT at, actor_name, action, target_kind, target_id, region_code, detail FROM audit_auditentry"
    )
    assert AuditEntry.objects.count() == 2


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


def test_every_action_and_target_has_words() -> None:
    """The office shows no code of the program: what a service notes is named in `words`."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in Path("backend").rglob("*.py"))
    found = re.findall(r'action="([a-z_.]+)"|\b_?audit\(\s*actor, "([a-z_.]+)"', sources)
    # argparse has actions of its own.
    noted = {action for pair in found for action in pair if action} - {"store_true"}
    assert {"household_reopen", "returnee_correct", "cells_imported"} <= noted
    assert not {action for action in noted if action_label(action) == action}
    assert not set(re.findall(r'target_kind="([a-z_]+)"', sources)) - set(TARGETS)
