"""The reset from above: a code that works once, for a day, and stands few guesses."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.accounts.services import password_redeem, password_reset
from backend.audit.models import AuditEntry
from backend.core.errors import ApiError
from tests.accounts.test_session import PASSWORD, sign_in
from tests.conftest import CELL, OTHER_CELL

NEW = "another-good-one"


@pytest.fixture
def boss(user_with: Callable[..., User]) -> User:
    return user_with(Role.TOWNSHIP, CELL[:9], "boss")


@pytest.fixture
def worker(user_with: Callable[..., User]) -> User:
    return user_with(Role.GRID_WORKER, CELL, "grid")


def redeem(code: str, username: str = "grid", new: str = NEW) -> Any:
    body = json.dumps({"username": username, "code": code, "new": new})
    return Client().post("/api/v1/session/redeem/", body, content_type="application/json")


def test_reset_ends_sessions_and_the_code_works_once(boss: User, worker: User) -> None:
    phone = Client()
    sign_in(phone)
    code = password_reset(actor=boss, user=worker)
    assert phone.get("/api/v1/session/").status_code == 401
    assert sign_in(Client(), password=PASSWORD).status_code == 401
    assert code not in json.dumps(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert code not in User.objects.get(pk=worker.pk).reset_code_hash
    assert redeem(code, new="12345678").json()["code"] == "weak_password"
    assert redeem(code).status_code == 204
    assert sign_in(Client(), password=NEW).status_code == 200
    again = redeem(code)
    assert (again.status_code, again.json()["code"]) == (400, "bad_reset_code")
    assert {e.action for e in AuditEntry.objects.all()} >= {"password_reset", "password_redeemed"}


def test_a_reset_opens_a_locked_account(boss: User, worker: User) -> None:
    phone = Client()
    for _ in range(6):
        sign_in(phone, password="wrong-password")
    assert sign_in(phone).status_code == 429
    assert redeem(password_reset(actor=boss, user=worker)).status_code == 204
    assert sign_in(phone, password=NEW).status_code == 200


def test_the_code_dies_after_a_day_and_after_a_few_guesses(boss: User, worker: User) -> None:
    code = password_reset(actor=boss, user=worker)
    User.objects.update(reset_code_until=timezone.now() - dt.timedelta(seconds=1))
    assert redeem(code).json()["code"] == "bad_reset_code"
    code = password_reset(actor=boss, user=worker)
    until = User.objects.get(pk=worker.pk).reset_code_until
    assert until is not None
    assert abs(until - timezone.now() - dt.timedelta(hours=24)) < dt.timedelta(minutes=1)
    for _ in range(5):
        assert redeem("00000000").status_code == 400
    assert redeem(code).json()["code"] == "bad_reset_code"


def test_an_unknown_account_looks_the_same(boss: User, worker: User) -> None:
    password_reset(actor=boss, user=worker)
    assert redeem("00000000").json() == redeem("00000000", username="nobody").json()


@pytest.mark.parametrize(
    ("role", "region"),
    [
        (Role.TOWNSHIP, OTHER_CELL[:9]),
        (Role.VILLAGE, CELL[:12]),
        (Role.GRID_WORKER, CELL),
        (Role.HEALTH, CELL[:6]),
        (Role.SYSTEM_ADMIN, CELL[:6]),
        (Role.AUDITOR, CELL[:6]),
    ],
)
def test_who_may_not_reset(role: Role, region: str, worker: User, user_with: Callable[..., User]) -> None:
    with pytest.raises(ApiError, match="grant_too_wide"):
        password_reset(actor=user_with(role, region, "actor"), user=worker)


def test_a_county_cannot_reset_its_health_officer(user_with: Callable[..., User]) -> None:
    """Otherwise it could sign in as him and hold what it may not grant."""
    officer = user_with(Role.HEALTH, CELL[:9])
    with pytest.raises(ApiError, match="grant_too_wide"):
        password_reset(actor=user_with(Role.COUNTY, CELL[:6]), user=officer)
    code = password_reset(actor=user_with(Role.HEALTH, CELL[:6]), user=officer)
    assert password_redeem(username=officer.username, code=code, new=NEW).check_password(NEW)
