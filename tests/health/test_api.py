"""The day's checks and a person's code over HTTP: shape, scope, bad input, query counts."""

import datetime as dt
from decimal import Decimal

import pytest

from backend.accounts.choices import Role
from backend.core import clock
from backend.core.ids import new_id
from backend.health.services import checks_record
from backend.residents.models import PersonAlias
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import check_row

DUE = "/api/v1/checks/due/"


@pytest.fixture
def worker(user_with, client_of, policies):
    return client_of(user_with(Role.GRID_WORKER, CELL))


@pytest.fixture
def province(user_with, client_of):
    return client_of(user_with(Role.PROVINCE, "22"))


@pytest.fixture
def morning(at, policies) -> dt.datetime:
    moment = clock.at(clock.today(), dt.time(8))
    at(moment)
    return moment


def test_due_lists_people_with_their_sessions(morning, returnee, worker) -> None:
    registered = returnee(address="东沟屯12号")
    checks_record(rows=[check_row(registered.person_id, temperature=Decimal("36.6"), symptoms=("other",))])
    body = worker.get(DUE).json()
    assert body["day"] == clock.today().isoformat()
    assert body["counts"] == [
        {"session": "morning", "session_label": "早", "expected": 1, "done": 1, "due": 0, "missed": 0},
        {"session": "evening", "session_label": "晚", "expected": 1, "done": 0, "due": 1, "missed": 0},
    ]
    [person] = body["people"]
    assert {k: person[k] for k in ("person", "name", "phone_last4", "region", "region_name", "place")} == {
        "person": str(registered.person_id), "name": "李*", "phone_last4": "1234", "region": CELL,
        "region_name": "甲一村第一网格", "place": "东沟屯12号",
    }  # fmt: skip
    done, due = person["checks"]
    assert (done["state"], done["temperature"], done["symptoms"], done["method"]) == ("done", 36.6, ["other"], "door")
    assert (due["state"], due["check"], due["temperature"], due["due_by"][11:]) == ("due", None, None, "13:00:00+00:00")
    assert body["next"] is None


def test_due_is_scoped_and_can_be_narrowed(morning, returnee, worker, province) -> None:
    here, there = returnee(), returnee(region_code=OTHER_CELL, address="西街")
    seen = {person["person"] for person in worker.get(DUE).json()["people"]}
    assert seen == {str(here.person_id)}
    assert len(province.get(DUE).json()["people"]) == 2
    narrowed = province.get(DUE, {"region": "220521902"}).json()
    assert [person["person"] for person in narrowed["people"]] == [str(there.person_id)]
    assert narrowed["counts"][0]["expected"] == 1
    above = worker.get(DUE, {"region": "2205"}).json()
    assert [person["person"] for person in above["people"]] == [str(here.person_id)]


def test_due_of_another_day_and_state(morning, returnee, worker) -> None:
    one, _ = returnee(), returnee(address="后街")
    checks_record(rows=[check_row(one.person_id)])
    assert len(worker.get(DUE, {"state": "done"}).json()["people"]) == 1
    assert len(worker.get(DUE, {"state": "missed"}).json()["people"]) == 0
    yesterday = clock.today() - dt.timedelta(days=1)
    assert worker.get(DUE, {"day": yesterday.isoformat()}).json()["people"] == []


def test_due_in_pages(morning, returnee, worker) -> None:
    for n in range(5):
        returnee(address=f"前进路{n}号")
    first = worker.get(DUE, {"limit": 3}).json()
    rest = worker.get(DUE, {"limit": 3, "after": first["next"]}).json()
    assert (len(first["people"]), len(rest["people"]), rest["next"]) == (3, 2, None)
    assert not {p["person"] for p in first["people"]} & {p["person"] for p in rest["people"]}


@pytest.mark.parametrize(
    ("query", "status", "code", "field"),
    [
        ({"day": "2026-02-30"}, 400, "bad_field", "day"),
        ({"day": "gestern"}, 400, "bad_field", "day"),
        ({"region": "22052"}, 400, "bad_region_code", "region"),
        ({"region": OTHER_CELL}, 404, "not_found", "region"),
        ({"region": "99"}, 404, "not_found", "region"),
        ({"state": "late"}, 400, "bad_field", "state"),
        ({"limit": "0"}, 400, "bad_field", "limit"),
        ({"limit": "10000"}, 400, "bad_field", "limit"),
        ({"after": "-1"}, 400, "bad_field", "after"),
        ({"region": "22\x0005"}, 400, "bad_field", "region"),
        ({"colour": "green"}, 400, "unknown_field", "colour"),
    ],
)
def test_due_refuses_bad_queries(worker, query, status, code, field) -> None:
    answer = worker.get(DUE, query)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field)
    assert answer.json()["message"].endswith("。")


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31"])
def test_days_no_rule_speaks_of_ask_for_nothing(returnee, worker, day) -> None:
    returnee()
    body = worker.get(DUE, {"day": day}).json()
    assert (body["people"], body["counts"]) == ([], [])


def test_due_costs_the_same_however_many(morning, returnee, worker, django_assert_num_queries) -> None:
    returnee()
    worker.get(DUE)
    for expected in range(2):
        for n in range(6 * expected):
            returnee(address=f"前进路{n}号")
        with django_assert_num_queries(6):
            assert worker.get(DUE).status_code == 200


def test_due_needs_the_capability(tree, policies, client_of, user_with) -> None:
    assert client_of(user_with(Role.CLINIC, "220521901901")).get(DUE).status_code == 403
    assert client_of(user_with(Role.AUDITOR, "22")).get(DUE).status_code == 403


def code_url(person) -> str:
    return f"/api/v1/people/{person}/code/"


def test_a_code_comes_with_reason_rule_clause_and_history(returnee, worker) -> None:
    person = returnee().person_id
    fever = check_row(person, temperature=Decimal("38.2"))
    checks_record(rows=[fever])
    body = worker.get(code_url(person)).json()
    assert (body["person"], body["colour"], body["colour_label"]) == (str(person), "yellow", "黄码")
    assert (body["rule"], body["rule_version"] != "", body["clause"] != "") == ("symptom_recent", True, True)
    assert "38.2℃" in body["reason"]
    assert [entry["rule"] for entry in body["history"]] == ["symptom_recent", "under_monitoring"]
    assert body["history"][0]["facts"] == [{"kind": "check", "id": str(fever.id)}]
    assert body["history"][0]["trigger"] == "check"


def test_a_code_is_found_under_an_alias(returnee, worker) -> None:
    person = returnee().person_id
    alias = PersonAlias.objects.create(id=new_id(), person_id=person)
    assert worker.get(code_url(alias.id)).json()["person"] == str(person)


def test_missing_and_foreign_codes_look_the_same(returnee, worker) -> None:
    foreign = returnee(region_code=OTHER_CELL, address="西街").person_id
    answers = [worker.get(code_url(person)) for person in (foreign, new_id())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_method_writes_a_code(returnee, province, method) -> None:
    person = returnee().person_id
    answer = getattr(province, method)(code_url(person), {"colour": "green"}, format="json")
    assert answer.status_code in (403, 405)
    assert province.get(code_url(person)).json()["colour"] == "yellow"


def test_without_sign_in_nothing_is_shown(tree, client) -> None:
    for url in (DUE, code_url(new_id())):
        assert client.get(url).status_code == 401
