"""Choosing a region: short lists are shown, long ones searched; never beyond the user's own scope."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.regions import formfields
from tests.conftest import CELL, OTHER_CELL
from tests.office.world import Corner

CHOOSE = "admin:regions_region_choose"


def offered(desk: Client, **asked: str) -> dict[str, str]:
    told = desk.get(reverse(CHOOSE), {"capability": "household_edit", "levels": "grid", **asked}).json()
    return {row["id"]: row["text"] for row in told["results"]}


def test_a_search_offers_cells_of_the_scope_with_their_place(here: Corner, there: Corner, desk: Client) -> None:
    assert list(offered(desk)) == [CELL, f"{CELL[:12]}902", f"{CELL[:12]}903"]
    assert list(offered(desk, term="第二")) == [f"{CELL[:12]}902"]
    assert list(offered(desk, term="甲一 第三")) == [f"{CELL[:12]}903"]
    assert "甲一村" in offered(desk, term="第一")[CELL]
    assert list(offered(desk, term=CELL)) == [CELL]
    assert offered(desk, term="乙一") == {}
    assert list(offered(desk, levels="village", term="村")) == [CELL[:12]]


@pytest.mark.parametrize("asked", [{"capability": "no_such"}, {"capability": "health_decide"}, {"levels": "galaxy"}])
def test_nothing_is_offered_for_what_one_does_not_hold(asked: dict[str, str], here: Corner, desk: Client) -> None:
    assert offered(desk, **asked) == {}


def test_a_long_list_is_searched_and_its_answer_checked(
    here: Corner, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formfields, "LISTED", 1)
    url = reverse("admin:residents_household_do_move", args=[here.household.pk])
    page = desk.get(url).content.decode()
    assert f'data-ajax--url="{reverse(CHOOSE)}?capability=household_edit&amp;levels=grid"' in page
    assert "第二网格" not in page
    outside = desk.post(url, {"region": OTHER_CELL})
    assert outside.context["form"].errors == {"region": ["请从查到的区划中选择。"]}
    assert desk.post(url, {"region": ""}).context["form"].errors == {"region": ["请选择网格。"]}
    # What was chosen stays chosen when the form comes back.
    kept = desk.post(reverse("admin:residents_household_do_new"), {"region": CELL}).content.decode()
    assert f'<option value="{CELL}"' in kept
    assert desk.post(url, {"region": f"{CELL[:12]}902"}).status_code == 302


def test_a_search_costs_the_same_whatever_it_finds(here: Corner, desk: Client, settings: Any) -> None:
    settings.DEMO_MODE = False
    offered(desk)
    counts = []
    for term in ("", "第二"):
        with CaptureQueriesContext(connection) as queries:
            offered(desk, term=term, levels="grid,village,township")
        counts.append(len(queries))
    # One more for the divisions that the word names.
    assert counts[1] == counts[0] + 1
