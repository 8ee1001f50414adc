"""Who is signed in, and what he may do, in one statement of every request."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.backends import AccountBackend
from backend.accounts.choices import Capability, Role
from backend.accounts.models import Duty, User
from backend.core import clock
from tests.conftest import CELL

pytestmark = pytest.mark.django_db


def test_a_user_comes_with_his_duties(user_with: Callable[..., User]) -> None:
    stored = user_with(Role.GRID_WORKER, CELL)
    clock.today()
    with CaptureQueriesContext(connection) as captured:
        user = AccountBackend().get_user(stored.pk)
        assert user is not None
        assert user.has_capability(Capability.SYNC, CELL)
        assert user.get_session_auth_hash() == stored.get_session_auth_hash()
    assert sum("accounts_user" in query["sql"] for query in captured) == 1
    assert not any('FROM "accounts_duty"' in query["sql"] for query in captured)


def test_predecessors_of_the_region_stay_in_scope(user_with: Callable[..., User]) -> None:
    stored = user_with(Role.GRID_WORKER, CELL)
    Duty.objects.filter(user=stored).update(predecessor_codes=["220521901902901"])
    user = AccountBackend().get_user(stored.pk)
    assert user is not None
    assert user.scope().prefixes == {CELL, "220521901902901"}


def test_a_revoked_duty_is_gone_at_once(user_with: Callable[..., User]) -> None:
    stored = user_with(Role.GRID_WORKER, CELL)
    Duty.objects.filter(user=stored).update(revoked_at=clock.now())
    user = AccountBackend().get_user(stored.pk)
    assert user is not None
    assert user.current_duties == ()
    assert not user.capabilities


def test_unknown_and_suspended_users_are_nobody(user_with: Callable[..., User]) -> None:
    stored = user_with(Role.GRID_WORKER, CELL)
    User.objects.filter(pk=stored.pk).update(is_active=False)
    assert AccountBackend().get_user(stored.pk) is None
    assert AccountBackend().get_user(0) is None
