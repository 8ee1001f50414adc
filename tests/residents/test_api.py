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
