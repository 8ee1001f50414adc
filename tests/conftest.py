"""Fixtures every test may use: a small invented tree, people with duties, a signed-in API client."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test.client import ClientHandler
from hypothesis import HealthCheck
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock, keyring, signing
from backend.core.fields import CODE_LENGTHS
from backend.policies.selectors import forget_rules
from backend.regions.choices import LEVEL_OF
from backend.regions.models import Region
from backend.sync.shortcut import short_answer

# A machine that runs everything at once is slow now and then; that says nothing about the code under test.
hypothesis.settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("shared")

pytest_plugins = ["tests.real_stack"]

#: A cell in the invented tree, and one beside it in another village of another township.
CELL = "220521901901901"
OTHER_CELL = "220521902901901"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keys and outbox of this test alone; demo mode on, so that a test may move the clock."""
    # On a slow machine what is kept for a while would be looked at again in the midst of a test that counts queries.
    monkeypatch.setattr("backend.core.clock._OFFSET_LIFETIME", 3600.0)
    monkeypatch.setattr("backend.policies.selectors.LIFETIME", 3600.0)
    monkeypatch.setattr("backend.sync.history._LIFETIME", 3600.0)
    settings.VAR = tmp_path
    settings.KEY_FOLDER = tmp_path / "keys"
    settings.OUTBOX_FOLDER = tmp_path / "outbox"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    keyring.forget_keys()
    signing.forget_keys()
    clock.forget_offset()
    forget_rules()
    cache.clear()
    yield
    clock.forget_offset()
    keyring.forget_keys()
    signing.forget_keys()


def _as_served(self: ClientHandler, request: HttpRequest) -> HttpResponseBase:
    answer = short_answer(request)
    return answer.response() if answer else BaseHandler.get_response(self, request)


@pytest.fixture(autouse=True)
def uploads_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test client has a handler of its own, which knows as little of the short way as of closing connections."""
    monkeypatch.setattr(ClientHandler, "get_response", _as_served)
    monkeypatch.setattr("backend.sync.shortcut.close_old_connections", lambda: None)


@pytest.fixture
def tree(db: None) -> dict[str, Region]:
    """22 → 2205 → 220521 → two townships, a village each, with three cells and one cell."""
    names = {
        "22": "吉林省", "2205": "通化市", "220521": "通化县", "220521901": "甲镇", "220521902": "乙镇",
        "220521901901": "甲一村", "220521902901": "乙一村", CELL: "第一网格", "220521901901902": "第二网格",
        "220521901901903": "第三网格", OTHER_CELL: "第一网格",
    }  # fmt: skip
    rows = [
        Region(
            code=code,
            name=name,
            level=LEVEL_OF[len(code)],
            parent_code=_parent(code),
            kind="basic" if len(code) == 15 else "",
        )
        for code, name in names.items()
    ]
    Region.objects.bulk_create(rows)
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT core_make_partitions(%s, %s)", [today - dt.timedelta(days=62), today + dt.timedelta(days=62)]
        )
    return {row.code: row for row in rows}


def _parent(code: str) -> str | None:
    index = CODE_LENGTHS.index(len(code))
    return code[: CODE_LENGTHS[index - 1]] if index else None


@pytest.fixture
def user_with(tree: dict[str, Region]) -> Callable[..., User]:
    """`user_with(Role.GRID_WORKER, CELL)` → a user with that duty in force, password `a-good-password`."""

    def make(role: Role, region: str, username: str | None = None) -> User:
        user = User(username=username or f"{role.value}-{region}", display_name=f"{role.label}")
        user.set_password("a-good-password")
        user.save()
        Duty.objects.create(user=user, role=role, region_code=region, valid_from=clock.today() - dt.timedelta(days=30))
        return user

    return make


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """`client_of(user)` → an API client with that user's session; CSRF is checked in tests of its own."""

    def make(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user, backend="backend.accounts.backends.AccountBackend")
        return client

    return make


@pytest.fixture
def policies(db: None) -> None:
    """The policy packs that ship with the project, loaded."""
    from django.core.management import call_command

    from backend.sync import history

    call_command("load_policies", verbosity=0)
    history.forget_history()
