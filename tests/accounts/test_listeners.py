"""Changed duties and ended sessions are told to who stands above, once the change is committed."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.accounts import listeners
from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.accounts.services import duty_grant, duty_revoke, sessions_end
from tests.conftest import CELL


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    told: list[tuple[str, int]] = []
    monkeypatch.setattr(listeners, "_duties_changed", [])
    monkeypatch.setattr(listeners, "_signed_out", [])

    def duties(user_id: int) -> None:
        told.append(("duties", user_id))

    def out(user_id: int) -> None:
        told.append(("out", user_id))

    for _ in range(2):
        listeners.listen(duties_changed=duties, signed_out=out)
    return told


def test_they_hear_after_the_commit(
    user_with: Callable[..., User], heard: list[tuple[str, int]], django_capture_on_commit_callbacks: Any
) -> None:
    boss, user = user_with(Role.TOWNSHIP, CELL[:9]), user_with(Role.CLINIC, CELL[:12])
    with django_capture_on_commit_callbacks(execute=True):
        duty = duty_grant(actor=boss, user=user, role=Role.GRID_WORKER, region=CELL)
        assert heard == []
    assert heard == [("duties", user.pk)]
    heard.clear()
    with django_capture_on_commit_callbacks(execute=True):
        duty_revoke(actor=boss, duty=duty)
        sessions_end(user=user, actor=user)
    assert heard == [("duties", user.pk), ("out", user.pk)]


def test_a_listener_that_fails_spoils_nothing(
    user_with: Callable[..., User], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def broken(user_id: int) -> None:
        raise RuntimeError

    monkeypatch.setattr(listeners, "_signed_out", [broken])
    user = user_with(Role.CLINIC, CELL[:12])
    with django_capture_on_commit_callbacks(execute=True):
        sessions_end(user=user, actor=None)
    user.refresh_from_db()
    assert user.sign_in_version == 2
