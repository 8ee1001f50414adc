"""Records of a worker who moved on: they count by the cells that were his on the day he made them."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock
from backend.visits.models import Visit
from tests.conftest import CELL
from tests.sync.conftest import item

pytestmark = pytest.mark.django_db
NEXT_CELL = "220521901901902"


def visit(household: uuid.UUID, *, days_ago: int = 0) -> dict[str, Any]:
    made = clock.now() - dt.timedelta(days=days_ago)
    return item("visit", {"household": str(household), "outcome": "seen_well"}, observed_at=made.isoformat())


def move_on(worker: User, **ended: Any) -> None:
    """The worker's duty ended; he serves in the next cell from today."""
    Duty.objects.filter(user=worker).update(**ended)
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=NEXT_CELL, valid_from=clock.today())


def test_a_record_made_before_the_move_is_stored_where_it_belongs(
    push: Callable[..., Any], worker: User, household: uuid.UUID
) -> None:
    move_on(worker, valid_to=clock.today() - dt.timedelta(days=1))
    answer = push(visit(household, days_ago=2), visit(household))
    assert [each["verdict"] for each in answer["results"]] == ["created", "rejected"]
    assert answer["results"][1]["code"] == "unknown_household"
    assert Visit.objects.get().region_code == CELL


def test_a_duty_revoked_today_still_covers_today(push: Callable[..., Any], worker: User, household: uuid.UUID) -> None:
    move_on(worker, revoked_at=timezone.now())
    assert push(visit(household))["results"][0]["verdict"] == "created"


def test_a_duty_long_over_lets_nothing_in(push: Callable[..., Any], worker: User, household: uuid.UUID) -> None:
    move_on(worker, valid_from=clock.today() - dt.timedelta(days=90), valid_to=clock.today() - dt.timedelta(days=40))
    assert push(visit(household, days_ago=20))["results"][0]["code"] == "unknown_household"
