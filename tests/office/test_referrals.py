"""上交记录 in the office: why it came back, its content for a purpose only, and one deed that answers."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.audit.models import AuditEntry
from backend.core.ids import new_id
from backend.sync.referral_words import code_sentence, kind_word, record_lines
from tests.conftest import CELL
from tests.office.test_deeds import do
from tests.office.world import Corner

LIST = "admin:sync_referral_changelist"


def test_the_list_tells_what_came_back_and_why_and_nothing_of_it(here: Corner, there: Corner, desk: Client) -> None:
    page = desk.get(reverse(LIST)).content.decode()
    assert "返乡登记 3幢2单元501" in page
    assert code_sentence("bad_phone") in page
    assert "孙七" not in page
    one = desk.get(reverse("admin:sync_referral_change", args=[here.referral.pk])).content.decode()
    assert "孙七" not in one
    for title in ("查看内容", "重新收录", "已另行登记", "请重新登记", "不需要登记"):
        assert title in one
    assert desk.get(reverse("admin:sync_referral_change", args=[there.referral.pk])).status_code == 404


def test_its_length_costs_no_queries(here: Corner, desk: Client) -> None:
    desk.get(reverse(LIST))
    with CaptureQueriesContext(connection) as one:
        desk.get(reverse(LIST))
    for _ in range(10):
        here.referral.pk = new_id()
        here.referral.save(force_insert=True)
    with CaptureQueriesContext(connection) as many:
        desk.get(reverse(LIST))
    assert len(many) == len(one)


def test_the_content_is_shown_for_a_purpose_and_audited(here: Corner, desk: Client) -> None:
    assert "请" in do(desk, "sync_referral_do_reveal", here.referral, purpose="x").content.decode()
    shown = do(desk, "sync_referral_do_reveal", here.referral, purpose="核对孙七的电话").content.decode()
    assert "电话是孙七女儿的" in shown
    assert here.cell not in shown
    assert str(here.referral.item) not in shown
    entry = AuditEntry.objects.get(action="referral_reveal")
    assert "孙七" not in json.dumps(entry.detail, ensure_ascii=False)
    assert (entry.region_code, entry.detail["fields"]) == (CELL, ["name", "phone", "region"])


@pytest.mark.parametrize(("deed", "state"), [("recorded", "recorded"), ("again", "again"), ("dismiss", "dismissed")])
def test_one_deed_answers(here: Corner, desk: Client, deed: str, state: str) -> None:
    assert do(desk, f"sync_referral_do_{deed}", here.referral).status_code == 302
    here.referral.refresh_from_db()
    assert (here.referral.state, here.referral.answered_by_name) == (state, "乡镇（街道）")
    assert desk.get(reverse(LIST)).context["cl"].result_count == 0
    assert desk.get(reverse(LIST), {"state": state}).context["cl"].result_count == 1
    assert do(desk, "sync_referral_do_take_in", here.referral).status_code == 403


def test_what_is_refused_once_more_stays_and_says_why(here: Corner, desk: Client) -> None:
    answer = do(desk, "sync_referral_do_take_in", here.referral).content.decode()
    assert "这次仍未收录" in answer
    here.referral.refresh_from_db()
    assert here.referral.state == "open"


def test_its_people_cost_no_queries(here: Corner) -> None:
    """A visit to a household of thirty, each by an id of his own."""

    def queries(people: int) -> int:
        entries = [{"person": str(new_id()), "temperature": 36.5, "origin": "22"} for _ in range(people)]
        body = {"household": str(here.household.pk), "region": here.cell, "people": entries}
        with CaptureQueriesContext(connection) as asked:
            lines = dict(record_lines(body))
        assert lines["住户"] == here.household.place
        assert lines["网格"].count("›") == 2
        return len(asked)

    assert queries(30) == queries(1) <= 4


@pytest.mark.parametrize(
    "body",
    [
        {"household": "no id", "origin": "北京", "people": [{"temperature": 63}], "needs": ["medicine", {"x": 1}]},
        {"changes": {"floor": 3, "household": None}, "version": 2},
        {"household": "01980000-0000-7000-8000-000000000001", "region": "1", "person": None},
        {"reachable": True, "symptoms": [], "note": {"a": [1]}, "reason": "moved", "to": 5},
    ],
)
def test_any_shape_has_words(body: dict[str, Any], db: None) -> None:
    assert all(isinstance(word, str) and isinstance(said, str) for word, said in record_lines(body))
    assert kind_word("from_the_future") == "from_the_future"
    assert code_sentence("from_the_future") == "from_the_future"
