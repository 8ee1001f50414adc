"""Households and people over HTTP: masked, scoped, found by door and by telephone, revealed with a purpose."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.residents.services import household_close, households_create, person_create, person_ensure
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import DOCUMENT, HEAD, NAME, PERSON_PHONE, PHONE, SECOND_CELL, household, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tree")]
Users = Callable[..., User]
Clients = Callable[[User], APIClient]
LIST = "/api/v1/households/"


@pytest.fixture
def village(user_with: Users, client_of: Clients) -> APIClient:
    return client_of(user_with(Role.VILLAGE, "220521901901"))


@pytest.fixture
def town(user_with: Users, client_of: Clients) -> APIClient:
    return client_of(user_with(Role.TOWNSHIP, "220521901"))


def doors(answer: dict[str, Any]) -> list[str]:
    return [row["door"] for row in answer["results"]]


def test_the_list_is_masked_and_in_walking_order(village: APIClient) -> None:
    items = [household(door=door, floor=None) for door in ("1001", "501", "2")]
    households_create(items=items, actor=None)
    response = village.get(LIST)
    answer = response.json()
    assert (answer["count"], answer["next"], doors(answer)) == (3, None, ["2", "501", "1001"])
    row = answer["results"][1]
    assert row["head"] == "张*"
    assert row["place"] == "3幢2单元501"
    assert (row["phone_known"], row["phone_last4"]) == (True, "5678")
    assert HEAD not in response.content.decode()
    assert PHONE not in response.content.decode()


def test_the_list_holds_what_lies_in_scope_and_is_open(village: APIClient) -> None:
    here, beside, elsewhere, gone = (
        household(door=door, region_code=cell)
        for door, cell in (("1", CELL), ("2", SECOND_CELL), ("3", OTHER_CELL), ("4", CELL))
    )
    households_create(items=[here, beside, elsewhere, gone], actor=None)
    household_close(household_id=gone.id, actor=None)
    assert doors(village.get(LIST).json()) == ["1", "2"]
    assert doors(village.get(LIST, {"region": SECOND_CELL}).json()) == ["2"]
    assert doors(village.get(LIST, {"region": OTHER_CELL}).json()) == []
    assert doors(village.get(LIST, {"region": "22"}).json()) == ["1", "2"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("3-2-501", True),
        ("人民路 501", True),
        ("3幢2单元501", True),
        ("4-2-501", False),
        ("张三丰", False),
        ("%", False),
    ],
)
def test_search_by_door(village: APIClient, q: str, found: bool) -> None:
    households_create(items=[household()], actor=None)
    assert bool(village.get(LIST, {"q": q}).json()["results"]) is found


def test_a_telephone_is_looked_up_in_a_body_never_in_an_address(village: APIClient) -> None:
    home = household()
    households_create(items=[home, household(region_code=OTHER_CELL), household(phone="13611112222")], actor=None)
    refused = village.get(LIST, {"q": PHONE})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "bad_field", "q")
    answer = village.post("/api/v1/households/lookup/", {"phone": "138 1234 5678"}, format="json").json()
    assert [row["id"] for row in answer["households"]] == [str(home.id)]
    assert answer["people"] == []
    bad = village.post("/api/v1/households/lookup/", {"phone": "1381"}, format="json")
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_phone")


def test_pages(village: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    households_create(items=[household(door=str(n)) for n in range(120)], actor=None)
    with django_assert_max_num_queries(6):
        first = village.get(LIST).json()
    assert (first["count"], first["next"], len(first["results"])) == (120, 2, 50)
    last = village.get(LIST, {"page": 3}).json()
    assert (last["next"], len(last["results"])) == (None, 20)
    assert village.get(LIST, {"page": 4}).json()["results"] == []


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "９", "99999999"])
def test_a_bad_page_is_refused(village: APIClient, page: str) -> None:
    answer = village.get(LIST, {"page": page})
    assert (answer.status_code, answer.json()["field"]) == (400, "page")


@pytest.mark.parametrize("query", [{"q": "\x00"}, {"q": "x" * 3000}, {"region": "22\x00"}, {"region": "通化"}])
def test_odd_queries_never_fail(village: APIClient, query: dict[str, str]) -> None:
    assert village.get(LIST, query).status_code in (200, 400)


def test_a_household_with_its_people(village: APIClient) -> None:
    home = household()
    households_create(items=[home], actor=None)
    lodger = person_create(item=person(household_id=home.id, address=""), actor=None)
    response = village.get(f"{LIST}{home.id}/")
    assert [p["id"] for p in response.json()["people"]] == [str(lodger.pk)]
    assert response.json()["people"][0]["name"] == "李*"
    body = response.content.decode()
    assert not any(value in body for value in (HEAD, PHONE, NAME, PERSON_PHONE, DOCUMENT))


def test_missing_and_forbidden_look_the_same(village: APIClient) -> None:
    elsewhere = household(region_code=OTHER_CELL)
    households_create(items=[elsewhere], actor=None)
    foreign = village.get(f"{LIST}{elsewhere.id}/")
    missing = village.get(f"{LIST}{uuid.uuid4()}/")
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json()) == (404, missing.json())


def test_a_person_is_found_under_his_alias_too(village: APIClient) -> None:
    row = person_create(item=person(), actor=None)
    again = person()
    person_ensure(item=again, actor=None)
    for asked in (row.pk, again.id):
        answer = village.get(f"/api/v1/people/{asked}/").json()
        assert (answer["id"], answer["name"], answer["document_known"]) == (str(row.pk), "李*", True)


def test_reveal_over_http(town: APIClient, village: APIClient) -> None:
    row = person_create(item=person(), actor=None)
    address = f"/api/v1/people/{row.pk}/reveal/"
    body = {"purpose": "联系转运", "fields": ["name", "phone"]}
    answer = town.post(address, body, format="json")
    assert (answer.status_code, answer.json()) == (200, {"name": NAME, "phone": PERSON_PHONE})
    assert answer.headers["Cache-Control"] == "no-store"
    assert village.post(address, body, format="json").status_code == 403
    no_reason = town.post(address, {"fields": ["name"]}, format="json")
    assert (no_reason.status_code, no_reason.json()["code"]) == (400, "purpose_required")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"purpose": "联系转运"}, "missing_field"),
        ({"purpose": "联系转运", "fields": []}, "bad_field"),
        ({"purpose": "联系转运", "fields": "name"}, "bad_field"),
        ({"purpose": "联系转运", "fields": ["salary"]}, "bad_field"),
        ({"purpose": ["x"], "fields": ["name"]}, "bad_field"),
        ({"purpose": "联系\x00转运", "fields": ["name"]}, "bad_field"),
        ({"purpose": "联系转运", "fields": ["name"], "all": True}, "unknown_field"),
        ([], "bad_request"),
    ],
)
def test_bad_reveal_bodies(town: APIClient, body: Any, code: str) -> None:
    row = person_create(item=person(), actor=None)
    answer = town.post(f"/api/v1/people/{row.pk}/reveal/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_household_reveal_over_http(town: APIClient) -> None:
    home = household()
    households_create(items=[home], actor=None)
    answer = town.post(
        f"{LIST}{home.id}/reveal/", {"purpose": "送药前联系", "fields": ["name", "phone"]}, format="json"
    )
    assert answer.json() == {"name": HEAD, "phone": PHONE}


def test_nobody_unknown_sees_anything() -> None:
    client = APIClient()
    assert client.get(LIST).status_code == 401
    assert client.post("/api/v1/households/lookup/", {"phone": PHONE}, format="json").status_code == 401


def edited(client: APIClient, url: str, version: int, **changes: Any) -> Any:
    return client.patch(url, {"version": version, "changes": changes}, format="json")


def test_a_household_is_edited_and_a_clash_tells_both_values_who_and_when(village: APIClient, town: APIClient) -> None:
    item = household()
    households_create(items=[item], actor=None)
    url = f"{LIST}{item.id}/"
    answer = edited(village, url, 1, headcount=4, door="", head_name="")
    assert (answer.status_code, answer.json()["headcount"], answer.json()["door"]) == (200, 4, "501")
    assert edited(town, url, 1, occupancy="rented").json()["version"] == 3, "another field merges"
    clash = edited(town, url, 1, headcount=5, door="601")
    told = clash.json()
    assert (clash.status_code, told["code"], told["field"]) == (409, "edited_elsewhere", "headcount")
    [conflict] = told["detail"]["conflicts"]
    assert (conflict["stored"], conflict["sent"], conflict["by"]) == (4, 5, "村（居）委会")
    assert told["detail"]["version"] == 3
    assert village.get(url).json()["door"] == "501", "nothing of a refused edit is written"
    assert edited(town, url, 3, headcount=5).json()["headcount"] == 5
    assert edited(town, url, 4, phone=None).json()["phone_known"] is False


def test_what_an_edit_may_not_say(village: APIClient) -> None:
    item = household()
    households_create(items=[item], actor=None)
    url = f"{LIST}{item.id}/"
    for version, changes, code, field in (
        (1, {"region": OTHER_CELL}, "unknown_field", "changes.region"),
        (1, {"headcount": "many"}, "bad_field", "changes.headcount"),
        (1, {"address": None}, "missing_field", "address"),
        (1, {"door": 5}, "bad_field", "changes.door"),
        (0, {"door": "5"}, "bad_field", "version"),
        (9, {"door": "5"}, "bad_field", "version"),
    ):
        told = edited(village, url, version, **changes).json()
        assert (told["code"], told["field"]) == (code, field)
    assert village.patch(url, {"changes": {}}, format="json").json()["field"] == "version"


def test_a_household_moves_closes_and_opens_again(village: APIClient) -> None:
    item = household()
    households_create(items=[item], actor=None)
    url = f"{LIST}{item.id}/"
    assert village.post(f"{url}move/", {"region": SECOND_CELL}, format="json").json()["region"] == SECOND_CELL
    assert village.post(f"{url}move/", {"region": OTHER_CELL}, format="json").json()["code"] == "unknown_region"
    assert village.post(f"{url}reopen/").status_code == 409
    assert village.post(f"{url}close/").json()["closed"] is True
    assert edited(village, url, 3, door="9").json()["code"] == "unknown_household"
    assert village.post(f"{url}reopen/").json()["closed"] is False
    assert doors(village.get(LIST).json()) == ["501"]


def test_a_person_is_edited_and_moved(village: APIClient) -> None:
    row = person_create(item=person(), actor=None)
    url = f"/api/v1/people/{row.pk}/"
    answer = edited(village, url, 1, name="王五", phone="", purpose=["returnee", "suspect"])
    assert (answer.json()["name"], answer.json()["phone_last4"], answer.json()["version"]) == ("王*", "4321", 2)
    assert edited(village, url, 1, name="赵六").json()["detail"]["conflicts"][0]["stored"] == "王*"
    assert edited(village, url, 1, phone=None).json()["phone_last4"] is None
    moved = village.post(f"{url}move/", {"region": SECOND_CELL, "address": "西沟屯3号"}, format="json").json()
    assert (moved["region"], moved["place"]) == (SECOND_CELL, "西沟屯3号")
    foreign = person_create(item=person(region_code=OTHER_CELL, document_type="", document_number=""), actor=None)
    assert edited(village, f"/api/v1/people/{foreign.pk}/", 1, name="王五").status_code == 404
