"""Returnees over HTTP: the list, registration at the desk, leaving and correcting; scope, bad input, query counts."""

import datetime as dt

import pytest

from backend.accounts.choices import Role
from backend.core import clock
from backend.core.ids import new_id
from backend.residents.rules import HouseholdInput
from backend.residents.services import households_create
from backend.returnees.models import Returnee
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import document

URL = "/api/v1/returnees/"


@pytest.fixture
def office(user_with, client_of, policies):
    return client_of(user_with(Role.TOWNSHIP, "220521901"))


@pytest.fixture
def worker(user_with, client_of, policies):
    return client_of(user_with(Role.GRID_WORKER, CELL))


def form(**changes) -> dict:
    fields = {
        "name": "赵小梅", "phone": "12900004321", "document_type": "id_card", "document_number": document(),
        "origin": "2201", "origin_text": "东站", "arrived_on": clock.today().isoformat(), "transport": "coach",
        "address": "前进路8号", "region": CELL, **changes,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not ...}


def test_registered_at_the_desk_and_seen_in_the_list(office) -> None:
    answer = office.post(URL, form(), format="json")
    assert answer.status_code == 201
    created = answer.json()
    assert {k: created[k] for k in ("name", "phone_last4", "region", "region_name", "place", "origin_name")} == {
        "name": "赵*", "phone_last4": "4321", "region": CELL, "region_name": "甲一村第一网格", "place": "前进路8号",
        "origin_name": "吉林省 东站",
    }  # fmt: skip
    today = clock.today()
    assert (created["monitor_from"], created["monitor_to"]) == (
        today.isoformat(), (today + dt.timedelta(days=13)).isoformat(),
    )  # fmt: skip
    assert (created["colour"], created["state"], created["arrival_doubtful"]) == ("yellow", "present", False)
    listed = office.get(URL, {"state": "present"}).json()
    assert (listed["count"], listed["next"], listed["results"]) == (1, None, [created])
    assert office.get(f"{URL}{created['id']}/").json() == created
    assert "赵小梅" not in answer.content.decode() + str(listed)


def test_registered_into_a_household(worker) -> None:
    household = HouseholdInput(id=new_id(), region_code=CELL, address="前进路", door="5", head_name="王小明")
    foreign = HouseholdInput(id=new_id(), region_code=OTHER_CELL, address="西街", door="5", head_name="王小明")
    households_create(items=[household, foreign], actor=None)
    answer = worker.post(URL, form(household=str(household.id), address=..., region=...), format="json")
    assert (answer.status_code, answer.json()["place"], answer.json()["region"]) == (201, "前进路5号", CELL)
    for stranger in (foreign.id, new_id()):
        answer = worker.post(URL, form(household=str(stranger), address=..., region=...), format="json")
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_household")


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"name": ...}, 400, "missing_field", "name"),
        ({"name": ""}, 400, "bad_field", "name"),
        ({"name": "王" * 41}, 400, "bad_field", "name"),
        ({"name": ["王"]}, 400, "bad_field", "name"),
        ({"name": "王\x00"}, 400, "bad_field", "name"),
        ({"phone": "110"}, 400, "bad_phone", "phone"),
        ({"document_type": "licence"}, 400, "bad_field", "document_type"),
        ({"document_number": "990101199001019999"}, 400, "bad_document", "document_number"),
        ({"document_number": 5}, 400, "bad_document", "document_number"),
        ({"arrived_on": "gestern"}, 400, "bad_field", "arrived_on"),
        ({"arrived_on": None}, 400, "bad_field", "arrived_on"),
        ({"arrived_on": "2999-01-01"}, 400, "arrival_in_future", "arrived_on"),
        ({"origin": "", "origin_text": ""}, 400, "missing_field", "origin"),
        ({"origin": "22x"}, 400, "bad_region_code", "origin"),
        ({"household": "keine"}, 400, "bad_field", "household"),
        ({"address": ""}, 400, "missing_field", "address"),
        ({"region": OTHER_CELL}, 400, "unknown_region", "region"),
        ({"region": "220521901901999"}, 400, "unknown_region", "region"),
        ({"region": ""}, 400, "unknown_region", "region"),
        ({"colour": "green"}, 400, "unknown_field", "colour"),
        ({"state": "left"}, 400, "unknown_field", "state"),
    ],
)
def test_bad_forms_are_refused_with_code_and_field(office, changes, status, code, field) -> None:
    answer = office.post(URL, form(**changes), format="json")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field)
    assert answer.json()["message"].endswith("。")
    assert not Returnee.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("{", "application/json", 400, "not_json"),
        ("[]", "application/json", 400, "bad_request"),
        ("name=x", "application/x-www-form-urlencoded", 415, "unsupported_media"),
        (f'{{"name": "{"x" * 70000}"}}', "application/json", 413, "too_large"),
        ("", "application/json", 400, "missing_field"),
    ],
)
def test_what_is_no_form_is_refused(office, body, kind, status, code) -> None:
    answer = office.generic("POST", URL, body, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_document_that_is_present_is_refused_without_saying_where(office, user_with, client_of) -> None:
    number = document()
    elsewhere = client_of(user_with(Role.TOWNSHIP, "220521902"))
    assert office.post(URL, form(document_number=number), format="json").status_code == 201
    answer = elsewhere.post(URL, form(document_number=number, region=OTHER_CELL), format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_registered")
    assert CELL not in answer.content.decode()


def test_the_list_is_scoped_searched_and_paged(office, returnee, django_assert_num_queries) -> None:
    foreign = returnee(region_code=OTHER_CELL, address="西街")
    near = returnee(name="孙二", phone="12900007777", address="东沟屯12号", origin_code="", origin_text="大连北站")
    others = [returnee(name="钱大", address=f"前进路{n}号") for n in range(4)]

    def ids(**query) -> list[str]:
        answer = office.get(URL, query)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert str(foreign.pk) not in ids()
    assert ids() == [str(row.pk) for row in [*reversed(others), near]]
    for q in ("孙", "7777", "大连", "东沟屯", "东沟屯12"):
        assert ids(q=q) == [str(near.pk)], q
    assert ids(q="李") == []
    assert ids(region="220521901901902") == []
    page = office.get(URL, {"limit": 2, "after": 4}).json()
    assert (page["count"], page["next"], len(page["results"])) == (5, None, 1)
    assert office.get(URL, {"limit": 2}).json()["next"] == 2
    with django_assert_num_queries(4):
        office.get(URL)


def test_the_list_by_checks_of_today(office, returnee, at) -> None:
    at(clock.at(clock.today(), dt.time(8)))
    returnee()
    assert office.get(URL, {"due": "due"}).json()["count"] == 1
    assert office.get(URL, {"due": "missed"}).json()["count"] == 0
    at(clock.at(clock.today(), dt.time(13)))
    assert office.get(URL, {"due": "missed"}).json()["count"] == 1


@pytest.mark.parametrize(
    ("query", "status", "code", "field"),
    [
        ({"state": "gone"}, 400, "bad_field", "state"),
        ({"due": "1"}, 400, "bad_field", "due"),
        ({"q": "12900001234"}, 400, "bad_field", "q"),
        ({"q": "990101199001011234"}, 400, "bad_field", "q"),
        ({"q": "x" * 41}, 400, "bad_field", "q"),
        ({"region": OTHER_CELL}, 404, "not_found", "region"),
        ({"region": "abc"}, 400, "bad_region_code", "region"),
        ({"limit": "1e3"}, 400, "bad_field", "limit"),
        ({"page": "2"}, 400, "unknown_field", "page"),
    ],
)
def test_bad_queries_are_refused(office, query, status, code, field) -> None:
    answer = office.get(URL, query)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field)


@pytest.mark.parametrize("q", ["%", "_", "'", "\\", "(", "张*", "🙂", "---", "　"])
def test_odd_searches_find_nothing_and_break_nothing(office, returnee, q) -> None:
    returnee()
    assert office.get(URL, {"q": q}).status_code == 200


def test_leaving_and_correcting(office, returnee) -> None:
    registered = returnee(arrived_on=clock.today() - dt.timedelta(days=3))
    corrected = office.post(
        f"{URL}{registered.pk}/correct/", {"arrived_on": (clock.today() - dt.timedelta(days=2)).isoformat()},
        format="json",
    )  # fmt: skip
    assert corrected.status_code == 200
    assert corrected.json()["monitor_to"] == (clock.today() + dt.timedelta(days=11)).isoformat()
    leave = f"{URL}{registered.pk}/leave/"
    early = office.post(leave, {"left_on": (clock.today() - dt.timedelta(days=5)).isoformat()}, format="json")
    assert (early.status_code, early.json()["code"], early.json()["field"]) == (400, "left_before_arrival", "left_on")
    assert office.post(leave, {}, format="json").json()["code"] == "missing_field"
    left = office.post(leave, {"left_on": clock.today().isoformat()}, format="json")
    assert (left.status_code, left.json()["state"], left.json()["colour"]) == (200, "left", "yellow")
    assert "已离开本地" in left.json()["reason"]
    again = office.post(leave, {"left_on": clock.today().isoformat()}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert office.get(URL, {"state": "present"}).json()["count"] == 0
    assert office.get(URL).json()["count"] == 1


def test_missing_and_foreign_returnees_look_the_same(office, returnee) -> None:
    foreign = returnee(region_code=OTHER_CELL, address="西街").pk
    for one in (foreign, new_id()):
        answers = [
            office.get(f"{URL}{one}/"),
            office.post(f"{URL}{one}/leave/", {"left_on": clock.today().isoformat()}, format="json"),
            office.post(f"{URL}{one}/correct/", {"arrived_on": clock.today().isoformat()}, format="json"),
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}


def test_roles_that_only_read_do_not_write(user_with, client_of, returnee) -> None:
    registered = returnee()
    health = client_of(user_with(Role.HEALTH, "220521"))
    assert health.get(URL).json()["count"] == 1
    assert health.post(URL, form(), format="json").status_code == 403
    assert health.post(f"{URL}{registered.pk}/leave/", {}, format="json").status_code == 403
    assert client_of(user_with(Role.SYSTEM_ADMIN, "22")).get(URL).status_code == 403
