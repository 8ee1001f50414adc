"""What a phone pulls follows what its user may see, kind by kind."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock
from backend.core.scope import Scope
from tests.conftest import CELL
from tests.sync.conftest import households_in

# A pull shows what is committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
NEXT_CELL = "220521901901902"


def pulled(client: APIClient, cursor: str = "") -> Any:
    answer = client.get("/api/v1/sync/pull/", {"cursor": cursor, "limit": 2000})
    assert answer.status_code == 200, answer.content
    return answer.json()


def homes(page: Any) -> set[str]:
    return {change["data"]["region"] for change in page["changes"] if change["kind"] == "household"}


def test_a_clinic_is_told_no_household(
    worker: User, client_of: Callable[[User], APIClient], user_with: Callable[..., User]
) -> None:
    households_in(CELL, 3)
    page = pulled(client_of(user_with(Role.CLINIC, CELL[:12])))
    assert {change["kind"] for change in page["changes"]} == {"policy", "region"}


def test_two_duties_show_each_what_is_its_own(
    worker: User, client_of: Callable[[User], APIClient], user_with: Callable[..., User]
) -> None:
    households_in(CELL, 2)
    households_in(NEXT_CELL, 2)
    both = user_with(Role.CLINIC, CELL[:12])
    Duty.objects.create(user=both, role=Role.GRID_WORKER, region_code=NEXT_CELL, valid_from=clock.today())
    assert homes(pulled(client_of(both))) == {NEXT_CELL}


def test_another_role_in_the_same_cells_starts_over(
    worker: User, client_of: Callable[[User], APIClient], user_with: Callable[..., User]
) -> None:
    households_in(CELL, 2)
    clinic = user_with(Role.CLINIC, CELL[:12])
    before = pulled(client_of(clinic))
    Duty.objects.filter(user=clinic).update(role=Role.VILLAGE)
    after = pulled(client_of(clinic), before["cursor"])
    assert after["resync"]
    assert homes(after) == {CELL}


def test_both_scopes_hold() -> None:
    a, b = Scope.of(["2205", "21"]), Scope.of(["220521", "2206"])
    assert list(a & b) == ["220521"]
    assert list(b & a) == ["220521"]
    assert not a & Scope.nothing()
