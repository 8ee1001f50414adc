"""A session is read with its user, his duties and his device: in one query, and anew in every request."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone

from backend.accounts.at_hand import Account, at_hand, user_at_hand
from backend.accounts.choices import Role
from backend.accounts.middleware import AuthenticationMiddleware
from backend.accounts.models import Device, Duty, Session, User
from backend.accounts.session_store import SessionStore, device_of_session
from tests.conftest import CELL

DEVICE = uuid.uuid4()


@pytest.fixture
def worker(user_with: Callable[..., User]) -> User:
    return user_with(Role.GRID_WORKER, CELL, "grid")


@pytest.fixture
def key(worker: User) -> str:
    """The key of the session that the worker's phone opened."""
    body = {"username": "grid", "password": "a-good-password", "device": {"id": str(DEVICE)}}
    assert Client().post("/api/v1/session/", body, content_type="application/json").status_code == 200
    row = Session.objects.get()
    assert (row.user_id, row.device_id) == (worker.pk, DEVICE)
    return row.session_key


def request_with(key: str) -> Any:
    request: Any = SimpleNamespace(session=SessionStore(key))
    AuthenticationMiddleware(lambda _: None).process_request(request)  # type: ignore[arg-type, return-value]
    return request


def test_one_query_tells_all(key: str, worker: User, django_assert_num_queries: Any) -> None:
    request = request_with(key)
    with django_assert_num_queries(1):
        assert request.user == worker
        assert [duty.region_code for duty in request.user.current_duties] == [CELL]
        assert device_of_session(request) == (DEVICE, False, False)


def test_every_request_asks_anew(key: str, worker: User) -> None:
    assert request_with(key).user.current_duties
    Device.objects.update(revoked_at=timezone.now())
    request = request_with(key)
    assert request.user == worker
    assert device_of_session(request) == (DEVICE, True, False)
    Duty.objects.update(revoked_at=timezone.now())
    assert request_with(key).user.current_duties == ()
    User.objects.update(sign_in_version=9)
    assert request_with(key).user == AnonymousUser()


@pytest.mark.parametrize("what", ["expired", "gone", "suspended", "password"])
def test_what_ends_a_session_ends_it_at_once(key: str, what: str) -> None:
    match what:
        case "expired":
            Session.objects.update(expire_date=timezone.now())
        case "gone":
            Session.objects.all().delete()
        case "suspended":
            User.objects.update(is_active=False)
        case "password":
            User.objects.update(password="another")
    assert request_with(key).user == AnonymousUser()


def test_nobody_is_taken_for_the_one_at_hand(worker: User) -> None:
    with at_hand(Account(worker, None)):
        assert user_at_hand(worker.pk) is worker
        assert user_at_hand(worker.pk + 1) is None
    assert user_at_hand(worker.pk) is None
