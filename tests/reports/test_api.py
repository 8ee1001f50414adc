"""The day over HTTP: a unit's page, confirming, walking down. Shapes, refusals, scope and query counts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.regions.models import Region
from backend.reports.models import Confirmation, ReportRevision
from backend.reports.services import exemption_grant
from tests.conftest import CELL, OTHER_CELL
from tests.reports.conftest import DAY, World

VILLAGE = CELL[:12]
URL = "/api/v1/reports/daily/"

Sign = Callable[[Role, str], APIClient]


@pytest.fixture
def sign(user_with: Callable[..., User], client_of: Callable[[User], APIClient]) -> Sign:
    return lambda role, region: client_of(user_with(role, region))


def page(client: APIClient, region: str, day: Any = DAY) -> dict[str, Any]:
    answer = client.get(URL, {"region": region, "day": str(day)})
    assert answer.status_code == 200, answer.content
    return answer.json()


def submit(client: APIClient, region: str, confirm: str = "report", day: Any = DAY, **body: Any) -> Any:
    return client.post(f"{URL}{region}/{day}/submit/", {"confirm": confirm, **body}, format="json")


def trace(client: APIClient, region: str, indicator: str, **query: str) -> dict[str, Any]:
    answer = client.get(f"{URL}{region}/{DAY}/trace/", {"indicator": indicator, **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_running_page_of_a_village(world: World, sign: Sign) -> None:
    world.household()
    world.at(0, "13:00").visit(fever_count=1)
    world.advance()
    body = page(sign(Role.VILLAGE, VILLAGE), VILLAGE)
    assert body["region"] == {"code": VILLAGE, "name": "甲一村", "level": "village", "parent": CELL[:9]}
    assert (body["state"], body["value"], body["is_closed"], body["revision"]) == ("running", None, False, None)
    assert (body["reported"], body["expected"], body["figures"]["fever"]) == (1, 3, 1)
    assert body["figures"]["coverage"] == 100.0
    assert body["evidence"]["visits"] == 1
    assert [child["code"] for child in body["children"]] == sorted(c for c in (CELL, f"{VILLAGE}902", f"{VILLAGE}903"))
    assert body["children"][0]["has_children"] is False
    assert body["cutoff"] == "2026-11-21T07:30:00+08:00"
    assert not body["can_submit"]
    assert body["indicators"][0] == {"key": "households", "name": "住户", "unit": "户", "duty": "A1", "kind": "stock"}


def test_a_village_confirms_with_one_tap_and_again(world: World, sign: Sign) -> None:
    world.visit()
    client = sign(Role.VILLAGE, VILLAGE)
    world.at(0, "16:59").advance()
    assert submit(client, VILLAGE).json()["code"] == "too_early"
    world.at(0, "18:00")
    world.advance()
    assert page(client, VILLAGE)["can_submit"]
    body = submit(client, VILLAGE, "zero", note="全部走访完毕").json()
    assert (body["state"], body["value"], body["is_closed"], body["can_submit"]) == ("confirmed", "zero", False, False)
    assert body["submitted_by"]
    assert submit(client, VILLAGE, "zero").status_code == 200
    assert Confirmation.objects.count() == 1
    assert b"\xe5\x85\xa8" not in bytes(Confirmation.objects.get().note_sealed or b"")
    world.at(1, "12:00").advance()
    assert page(client, VILLAGE)["state"] == "confirmed"
    assert page(client, VILLAGE)["automatic"] is False
    assert submit(client, VILLAGE, "zero").status_code == 200
    answer = submit(client, VILLAGE, "report")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_closed")


def test_a_zero_that_the_records_contradict_is_refused_with_the_figures(world: World, sign: Sign) -> None:
    world.visit(fever_count=2, symptom_count=1)
    world.at(1, "06:00").advance()
    answer = submit(sign(Role.VILLAGE, VILLAGE), VILLAGE, "zero")
    assert answer.status_code == 409
    assert answer.json()["code"] == "zero_contradicted"
    assert answer.json()["detail"]["figures"] == {"fever": 2, "symptoms": 1}


def test_a_record_after_a_confirmed_zero_wins(world: World, sign: Sign) -> None:
    world.visit()
    client = sign(Role.VILLAGE, VILLAGE)
    world.at(0, "18:00")
    assert submit(client, VILLAGE, "zero").status_code == 200
    world.at(0, "21:00").visit(fever_count=1)
    world.at(1, "12:00").advance()
    body = page(client, VILLAGE)
    assert (body["state"], body["value"]) == ("submitted", "n")


def test_a_silent_village_may_say_zero_itself(world: World, sign: Sign) -> None:
    client = sign(Role.VILLAGE, OTHER_CELL[:12])
    world.at(1, "06:00")
    assert submit(client, OTHER_CELL[:12], "zero").status_code == 200
    world.at(1, "12:00").advance()
    body = page(client, OTHER_CELL[:12])
    assert (body["state"], body["value"], body["reported"], body["expected"]) == ("confirmed", "zero", 0, 1)
    assert body["children"][0]["value"] == "missing"
    assert body["children"][0]["figures"]["households"] is None


def test_confirming_after_the_own_cutoff_is_late_until_the_level_above_closed(world: World, sign: Sign) -> None:
    world.visit()
    client = sign(Role.VILLAGE, VILLAGE)
    world.at(1, "07:45")
    body = submit(client, VILLAGE).json()
    assert (body["state"], body["late"], body["revision"]) == ("confirmed", True, 2)


def test_exempt_is_neither_missing_nor_zero(world: World, sign: Sign, user_with: Callable[..., User]) -> None:
    township = user_with(Role.TOWNSHIP, CELL[:9])
    world.at(0, "09:00")
    exemption_grant(actor=township, region_code=f"{VILLAGE}903", from_day=DAY, to_day=DAY, reason="网格撤并")
    world.visit()
    world.at(1, "12:00").advance()
    body = page(sign(Role.VILLAGE, VILLAGE), VILLAGE)
    states = {child["code"][-3:]: (child["state"], child["value"]) for child in body["children"]}
    assert states == {"901": ("submitted", "zero"), "902": ("missing", "missing"), "903": ("exempt", "exempt")}
    assert (body["reported"], body["expected"]) == (1, 2)


def test_a_region_without_cells_is_not_in_use_and_no_alarm(world: World, sign: Sign) -> None:
    Region.objects.create(code="220521903", name="丙镇", level="township", parent_code="220521")
    world.visit()
    world.at(1, "12:00").advance()
    client = sign(Role.COUNTY, "220521")
    children = {child["code"]: child for child in page(client, "220521")["children"]}
    assert children["220521903"]["state"] == "inactive"
    assert children["220521903"]["value"] is None
    assert page(client, "220521")["expected"] == 4
    answer = submit(client, "220521903")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


def test_corrections_are_shown(world: World, sign: Sign) -> None:
    world.visit()
    world.at(1, "12:00").advance()
    world.at(1, "14:00").visit(fever_count=1)
    world.advance()
    body = page(sign(Role.PROVINCE, "22"), "22")
    assert body["revision"] == 2
    (correction,) = body["corrections"]
    assert correction["n"] == 2
    assert correction["changed"] == {"fever": [0, 1], "reached": [1, 2]}


def test_any_figure_walks_down_to_its_records(world: World, sign: Sign) -> None:
    household = world.household()
    person = world.person()
    world.monitoring(person)
    visit = world.visit(household_id=household.pk, fever_count=1, temperature_max="38.2", people=[
        {"person": None, "temperature": 38.2, "symptoms": ["fever"]}])  # fmt: skip
    world.visit(fever_count=1, doubtful=True)
    check = world.check(person.pk, fever=True, temperature="37.9", symptoms=["fever"])
    returnee = world.returnee()
    world.at(1, "12:00").advance()
    client = sign(Role.PROVINCE, "22")
    code = "22"
    for _ in range(5):
        walked = trace(client, code, "fever")
        assert (walked["figure"], [row["kind"] for row in walked["rows"] if row["figure"]]) == (2, ["unit"])
        code = next(row["code"] for row in walked["rows"] if row["figure"])
    walked = trace(client, code, "fever")
    assert {row["id"] for row in walked["rows"]} == {str(visit.pk), str(check.pk)}
    by_kind = {row["kind"]: row for row in walked["rows"]}
    assert by_kind["visit"]["place"] == "幸福路1号101号"
    assert (by_kind["visit"]["temperature"], by_kind["visit"]["symptoms"]) == (38.2, ["fever"])
    assert by_kind["check"]["person_masked"] == "李*"
    assert trace(client, CELL, "new_returnees")["rows"][0]["id"] == str(returnee.pk)
    assert trace(client, CELL, "households")["rows"][0]["kind"] == "household"
    for indicator in page(client, CELL)["indicators"]:
        walked = trace(client, CELL, indicator["key"])
        assert walked["figure"] is not None
        if indicator["unit"] not in {"%", "人次"}:
            assert len(walked["rows"]) == walked["figure"], indicator


def test_records_come_in_pages(world: World, sign: Sign) -> None:
    for _ in range(60):
        world.visit(fever_count=1)
    world.advance()
    client = sign(Role.VILLAGE, VILLAGE)
    first = trace(client, CELL, "fever")
    second = trace(client, CELL, "fever", cursor=first["next"])
    assert (len(first["rows"]), len(second["rows"]), second["next"]) == (50, 10, None)
    assert not {r["id"] for r in first["rows"]} & {r["id"] for r in second["rows"]}


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "W10", "WyJhIiwiYiJd", "é", "WzEsIDJd"])
def test_a_bad_cursor_is_refused(world: World, sign: Sign, cursor: str) -> None:
    world.visit()
    world.advance()
    answer = sign(Role.VILLAGE, VILLAGE).get(
        f"{URL}{CELL}/{DAY}/trace/", {"indicator": "fever", "cursor": cursor}
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"region": "220521902901"}, "not_found"),
        ({"region": "99"}, "not_found"),
        ({"region": "2205a"}, "bad_region_code"),
        ({"day": "gestern"}, "bad_field"),
        ({"day": "2026-11-22"}, "bad_field"),
        ({"colour": "red"}, "unknown_field"),
    ],
)
def test_what_the_page_refuses(world: World, sign: Sign, query: dict[str, str], code: str) -> None:
    answer = sign(Role.VILLAGE, VILLAGE).get(URL, query)
    assert answer.json()["code"] == code


def test_a_day_before_any_rule_or_record_is_not_in_use(world: World, sign: Sign) -> None:
    client = sign(Role.VILLAGE, VILLAGE)
    body = page(client, VILLAGE, "1999-01-01")
    assert (body["state"], body["cutoff"], body["can_submit"]) == ("inactive", None, False)
    assert submit(client, VILLAGE, day="1999-01-01").status_code == 409
    assert submit(client, VILLAGE, day="2026-13-01").json()["code"] == "bad_field"
    assert submit(client, VILLAGE, day="9999-12-31").json()["code"] == "too_early"


def test_who_may_not_confirm(world: World, sign: Sign) -> None:
    world.at(0, "18:00").visit()
    assert submit(sign(Role.GRID_WORKER, CELL), CELL).status_code == 403
    assert submit(sign(Role.VILLAGE, OTHER_CELL[:12]), VILLAGE).status_code == 404
    assert submit(sign(Role.GRID_LEADER, CELL), CELL).status_code == 200
    assert submit(sign(Role.TOWNSHIP, CELL[:9]), VILLAGE, "maybe").json()["code"] == "bad_field"


@pytest.mark.parametrize("code", ["22", "2205", "220521", CELL[:9], VILLAGE, CELL])
def test_the_page_costs_at_most_eight_queries(
    world: World, sign: Sign, code: str, django_assert_max_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    world.visit()
    world.at(1, "12:00").advance()
    world.at(1, "12:30").visit(fever_count=1)
    world.advance()
    client = sign(Role.PROVINCE, "22")
    page(client, code)
    with django_assert_max_num_queries(8):
        page(client, code)
    with django_assert_max_num_queries(9):
        trace(client, code, "fever")


def test_the_largest_unit_opens_as_the_smallest(
    world: World, sign: Sign, django_assert_max_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    """Three digits name a child: 999 at most, in use or not, and all on one page."""
    township = CELL[:9]
    taken = set(Region.objects.filter(parent_code=township).values_list("code", flat=True))
    codes = [f"{township}{n:03}" for n in range(1, 1000)]
    Region.objects.bulk_create(
        Region(code=code, name="村", level="village", parent_code=township) for code in codes if code not in taken
    )
    world.visit()
    world.at(1, "12:00").advance()
    client = sign(Role.PROVINCE, "22")
    page(client, township)
    with django_assert_max_num_queries(8):
        children = page(client, township)["children"]
    assert [child["code"] for child in children] == codes
    assert sum(child["expected"] for child in children) == page(client, township)["expected"] > 0


def test_no_revision_is_ever_rewritten(world: World) -> None:
    world.visit()
    world.at(1, "12:00").advance()
    before = set(ReportRevision.objects.values_list("id", "digest"))
    world.at(1, "13:00").visit(OTHER_CELL)
    world.advance()
    assert before < set(ReportRevision.objects.values_list("id", "digest"))
