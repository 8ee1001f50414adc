"""Moving business time."""

import datetime as dt
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from backend.core import clock
from backend.core.models import ClockOffset
from backend.ops import travel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO_MODE = True
    monkeypatch.setattr(travel, "_NOTICED", 0)


def test_to_a_moment_by_a_step_and_back() -> None:
    call_command("time_travel", to="2027-03-05 07:00")
    assert abs(clock.now() - dt.datetime(2027, 3, 5, 7, tzinfo=clock.SHANGHAI)) < dt.timedelta(seconds=20)
    call_command("time_travel", by="2h")
    call_command("time_travel", by="-30m")
    assert abs(clock.now() - dt.datetime(2027, 3, 5, 8, 30, tzinfo=clock.SHANGHAI)) < dt.timedelta(seconds=20)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('visits_visit_y2027m03')")
        assert cursor.fetchone()[0], "facts of that month have their partition"
    call_command("time_travel", reset=True)
    assert abs(clock.now() - timezone.now()) < dt.timedelta(seconds=5)


@pytest.mark.parametrize("wrong", [{"to": "gestern"}, {"by": "two hours"}, {"by": "99999d"}, {"to": "1903-01-01"}])
def test_nonsense_is_refused_and_moves_nothing(wrong: dict[str, str]) -> None:
    with pytest.raises(CommandError):
        call_command("time_travel", **wrong)
    assert not ClockOffset.objects.exists()


def test_only_in_demo_mode(settings: Any) -> None:
    settings.DEMO_MODE = False
    with pytest.raises(CommandError):
        call_command("time_travel", by="2h")
    with pytest.raises(RuntimeError):
        travel.clock_move(offset=dt.timedelta(hours=2))
    with pytest.raises(RuntimeError), clock.standing_at(timezone.now()):
        pass
