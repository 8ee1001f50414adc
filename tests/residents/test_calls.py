"""Telephoning: one number of somebody in scope, for a purpose from a list, written down, and not a directory."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.db import connection
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.audit.models import AuditEntry
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.regions.models import Region
from backend.residents.rules import HouseholdInput
from backend.residents.services import calls, household_call, households_create, person_call, person_create
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import PERSON_PHONE, PHONE, household, person
from tests.residents.test_households import refused

Users = Callable[..., User]
Clients = Callable[[User], APIClient]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tree")]


@pytest.fixture
def two_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "LIMITS", ((dt.timedelta(hours=1), 2), (dt.timedelta(days=1), 3)))


def _homes(count: int) -> list[HouseholdInput]:
    homes = [household(door=str(101 + index)) for index in range(count)]
    households_create(items=homes, actor=None)
    return homes


@pytest.mark.parametrize(
    ("role", "region"),
    [(Role.GRID_WORKER, CELL), (Role.VILLAGE, CELL[:12]), (Role.CLINIC, CELL[:12]), (Role.TOWNSHIP, CELL[:9])],
)
def test_a_call_gives_the_number_alone_and_leaves_a_trace(user_with: Users, role: Role, region: str) -> None:
    row = person_create(item=person(), actor=None)
    worker = user_with(role, region)
    assert person_call(actor=worker, person_id=row.pk, purpose="check") == PERSON_PHONE
    entry = AuditEntry.objects.get(action="person_call")
    assert (entry.actor_id, entry.target_kind, entry.target_id) == (worker.pk, "person", str(row.pk))
    assert (entry.region_code, entry.detail) == (CELL, {"purpose": "健康监测联系"})


def test_over_http(user_with: Users, client_of: Clients) -> None:
    (home,) = _homes(1)
    client = client_of(user_with(Role.GRID_WORKER, CELL))
    address = f"/api/v1/households/{home.id}/call/"
    answer = client.post(address, {"purpose": "visit"}, format="json")
    assert (answer.status_code, answer.json()) == (200, {"phone": PHONE})
    assert answer.headers["Cache-Control"] == "no-store"
    for body, code in [
        ({}, "missing_field"),
        ({"purpose": "好奇"}, "bad_field"),
        ({"purpose": "visit", "x": 1}, "unknown_field"),
    ]:
        refusal = client.post(address, body, format="json")
        assert (refusal.status_code, refusal.json()["code"]) == (400, code)
    assert APIClient().post(address, {"purpose": "visit"}, format="json").status_code == 401


def test_out_of_scope_is_not_found_and_leaves_no_trace(user_with: Users) -> None:
    elsewhere = household(region_code=OTHER_CELL)
    households_create(items=[elsewhere], actor=None)
    worker = user_with(Role.GRID_WORKER, CELL)
    refused(ErrorCode.NOT_FOUND, lambda: household_call(actor=worker, household_id=elsewhere.id, purpose="visit"))
    refused(ErrorCode.NOT_FOUND, lambda: person_call(actor=worker, person_id=new_id(), purpose="visit"))
    auditor = user_with(Role.AUDITOR, CELL[:6])
    refused(ErrorCode.NOT_FOUND, lambda: household_call(actor=auditor, household_id=elsewhere.id, purpose="visit"))
    assert not AuditEntry.objects.filter(action__endswith="_call").exists()


def test_without_a_number_there_is_nothing_to_dial(user_with: Users) -> None:
    silent = household(phone="")
    households_create(items=[silent], actor=None)
    assert household_call(actor=user_with(Role.GRID_WORKER, CELL), household_id=silent.id, purpose="visit") == ""


@pytest.mark.usefixtures("two_an_hour")
def test_a_village_cannot_be_read_out(user_with: Users) -> None:
    first, second, third, fourth = _homes(4)
    worker, colleague = user_with(Role.GRID_WORKER, CELL, "one"), user_with(Role.GRID_WORKER, CELL, "other")

    def call(home: HouseholdInput, actor: User = worker) -> str:
        return household_call(actor=actor, household_id=home.id, purpose="visit")

    for home in (first, second, first, second):
        assert call(home) == PHONE, "a number asked for again is free"
    refused(ErrorCode.TOO_MANY_CALLS, lambda: call(third))
    assert call(third, colleague) == PHONE, "each counts for himself"
    _age(dt.timedelta(hours=1, minutes=1))
    assert call(third) == PHONE
    refused(ErrorCode.TOO_MANY_CALLS, lambda: call(fourth))
    _age(dt.timedelta(days=1))
    assert call(fourth) == PHONE


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_an_hour")
def test_two_requests_at_once_are_not_both_the_last(user_with: Users, tree: dict[str, Region]) -> None:
    homes = _homes(4)
    worker = user_with(Role.GRID_WORKER, CELL)
    household_call(actor=worker, household_id=homes[0].id, purpose="visit")
    together = threading.Barrier(3)
    outcomes: list[str] = []

    def call(index: int) -> None:
        try:
            together.wait(10)
            outcomes.append(household_call(actor=worker, household_id=homes[index].id, purpose="visit"))
        except ApiError as error:
            outcomes.append(error.code.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(index,)) for index in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == sorted([PHONE, "too_many_calls", "too_many_calls"])


def _age(span: dt.timedelta) -> None:
    """Make every entry older, as the trail's owner; the application itself can only add to it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditentry SET at = at - %s", [span])
