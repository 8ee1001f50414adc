"""移交 in the office: what waits, overdue first; offered, accepted, declined and withdrawn by who may on his side."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.audit.models import AuditEntry
from backend.core import clock
from backend.core.ids import new_id
from backend.residents.choices import HandOverReason, HandOverState
from backend.residents.models import HandOver
from backend.residents.services import handover_answer, handover_offer, household_create
from tests.conftest import CELL, OTHER_CELL
from tests.office.test_deeds import do
from tests.office.world import Corner
from tests.residents.factories import SECOND_CELL, household

LIST = "admin:residents_handover_changelist"


@pytest.fixture
def across(here: Corner) -> HandOver:
    """To a village of another township, overdue since an hour."""
    door = household_create(item=household(door="601"), actor=None)
    made = handover_offer(
        id=new_id(), household_id=door.pk, to_region=OTHER_CELL[:12], reason=HandOverReason.MOVED, actor=here.worker
    )
    HandOver.objects.filter(pk=made.pk).update(due_at=clock.now() - dt.timedelta(hours=1))
    return made


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="backend.accounts.backends.AccountBackend")
    return client


def test_the_list_has_the_overdue_first(here: Corner, across: HandOver, desk: Client) -> None:
    page = desk.get(reverse(LIST))
    assert [row.pk for row in page.context["cl"].result_list] == [across.pk, here.handover.pk]
    text = page.content.decode()
    assert "超时 1 小时" in text
    assert "张*，3 人" in text
    assert desk.get(reverse(LIST), {"region": CELL[:12]}).context["cl"].result_count == 2
    assert desk.get(reverse(LIST), {"region": "abc"}).context["cl"].result_count == 0
    object_page = desk.get(reverse("admin:residents_handover_change", args=[here.handover.pk])).content.decode()
    for words in ("孙七家划到东边", "边界调整", "通知未规定签收时限", "签收", "退回", "撤回"):
        assert words in object_page


def test_its_length_costs_no_queries(here: Corner, desk: Client) -> None:
    desk.get(reverse(LIST))
    with CaptureQueriesContext(connection) as one:
        desk.get(reverse(LIST))
    for _ in range(6):
        door = household_create(item=household(), actor=None)
        handover_offer(
            id=new_id(), household_id=door.pk, to_region=SECOND_CELL, reason=HandOverReason.OTHER, actor=here.worker
        )
    with CaptureQueriesContext(connection) as many:
        desk.get(reverse(LIST))
    assert len(many) == len(one)


def test_it_is_offered_on_the_page_of_the_household(here: Corner, desk: Client) -> None:
    refused = do(desk, "residents_household_do_handover", here.household, to=SECOND_CELL, reason="moved")
    assert "已在移交中" in refused.content.decode()
    handover_answer(handover_id=here.handover.pk, answer=HandOverState.WITHDRAWN, actor=here.worker)
    form = desk.get(reverse("admin:residents_household_do_handover", args=[here.household.pk])).context["form"]
    assert [code for code, _ in form.fields["to"].choices] == ["", CELL[:12], SECOND_CELL, "220521901901903"]
    answer = do(
        desk, "residents_household_do_handover", here.household, to=SECOND_CELL, reason="moved", note="张三丰搬家"
    )
    assert answer.status_code == 302
    made = HandOver.objects.get(state="offered")
    assert (made.to_region, made.author_name) == (SECOND_CELL, "乡镇（街道）")
    assert "张三丰" not in str(AuditEntry.objects.filter(action="handover_offer").values_list("detail", flat=True))
    assert do(desk, "residents_person_do_handover", here.person, to=SECOND_CELL, reason="moved").status_code == 403


def test_a_village_names_the_cell_when_it_accepts(here: Corner, desk: Client) -> None:
    form = desk.get(reverse("admin:residents_handover_do_accept", args=[here.handover.pk])).context["form"]
    assert [code for code, _ in form.fields["region"].choices] == ["", SECOND_CELL, "220521901901903"]
    assert do(desk, "residents_handover_do_accept", here.handover, region=SECOND_CELL).status_code == 302
    here.household.refresh_from_db()
    assert here.household.region_code == SECOND_CELL
    for deed in ("accept", "decline", "withdraw"):
        assert do(desk, f"residents_handover_do_{deed}", here.handover, reason="other").status_code == 403


def test_each_side_does_its_part(here: Corner, across: HandOver, user_with: Callable[..., User]) -> None:
    giver, taker = (signed_in(user_with(Role.TOWNSHIP, code[:9], code)) for code in (CELL, OTHER_CELL))
    far = signed_in(user_with(Role.TOWNSHIP, "220521903"))
    assert [do(client, "residents_handover_do_withdraw", across).status_code for client in (taker, far)] == [403, 404]
    assert do(giver, "residents_handover_do_decline", across, reason="not_ours").status_code == 403
    assert do(giver, "residents_handover_do_accept", across, region=OTHER_CELL).status_code == 403
    assert do(taker, "residents_handover_do_decline", across, reason="not_found", note="无人").status_code == 302
    across.refresh_from_db()
    assert (across.state, across.decline_reason, across.answered_by_name) == ("declined", "not_found", "乡镇（街道）")
    page = giver.get(reverse("admin:residents_handover_change", args=[across.pk])).content.decode()
    assert "查无此户或此人" in page
    assert do(giver, "residents_handover_do_withdraw", here.handover).status_code == 302
