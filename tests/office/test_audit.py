"""审计 in the office: who did it by his name, with the user name that the trail keeps."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.models import User
from backend.audit.models import AuditEntry
from backend.audit.services import audit_record
from tests.conftest import CELL
from tests.office.world import Corner

LIST = "/admin/audit/auditentry/"


def _act(username: str) -> AuditEntry:
    user = User.objects.create(username=username, display_name=f"王{username}")
    audit_record(actor=user, action="person_reveal", target_kind="person", target_id="1", region=CELL)
    return AuditEntry.objects.latest("id")


def test_who_did_it_is_told_by_name_and_found_by_it(here: Corner, desk: Client) -> None:
    entry = _act("deed-doer")
    for page in (LIST, reverse("admin:audit_auditentry_change", args=[entry.pk])):
        assert '王deed-doer <span class="gk-quiet">deed-doer</span>' in desk.get(page).content.decode()
    for term, count in (("王deed", 1), ("deed-doer", 1), ("李deed", 0)):
        assert desk.get(LIST, {"q": term}).context["cl"].result_count == count
    User.objects.filter(username="deed-doer").delete()
    page = desk.get(LIST).content.decode()
    assert "deed-doer" in page
    assert "王deed-doer" not in page


def test_their_number_costs_no_queries(here: Corner, desk: Client) -> None:
    _act("doer-0")
    desk.get(LIST)
    with CaptureQueriesContext(connection) as one:
        desk.get(LIST)
    for number in range(1, 8):
        _act(f"doer-{number}")
    with CaptureQueriesContext(connection) as many:
        desk.get(LIST)
    assert len(many) == len(one)
