"""The demo, shortened to two days, through the services."""

import datetime as dt
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.alerts.models import Alert
from backend.core import clock
from backend.ops.demo.accounts import ACCOUNTS
from backend.ops.demo.seed import DemoRefusedError, demo_seed, is_seeded
from backend.regions.models import Region
from backend.reports.models import DailyReport
from backend.residents.models import Household
from backend.returnees.models import Returnee
from backend.visits.models import Visit

pytestmark = pytest.mark.django_db(transaction=True)

NOON = dt.time(16, 0)


@pytest.fixture
def afternoon(settings: Any) -> Any:
    """Four in the afternoon of today, whatever the hour of the test."""
    settings.DEMO_MODE = True
    call_command("load_policies", verbosity=0)
    with clock.standing_at(clock.at(clock.today(), NOON)):
        yield


def test_two_days_of_the_demo(afternoon: None) -> None:
    assert demo_seed(history_days=2, returnees=40)
    today = clock.today()

    assert Region.objects.filter(level="county").count() == 60
    assert Region.objects.filter(level="grid").count() == 60
    assert Household.objects.count() == 6000
    assert Returnee.objects.count() == 40

    for username, _, role, region in ACCOUNTS:
        user = User.objects.get(username=username)
        assert Duty.objects.filter(user=user, role=role, region_code=region).exists()
    assert User.objects.get(username="grid1").check_password("gridkeeper-demo")
    village = Duty.objects.get(user__username="village").region_code
    for worker in ("grid1", "grid2"):
        assert Duty.objects.get(user__username=worker, role=Role.GRID_WORKER).region_code.startswith(village)

    closed = DailyReport.objects.filter(region_code="22", revision__gte=1).order_by("business_day")
    assert [report.business_day for report in closed] == [today - dt.timedelta(days=2), today - dt.timedelta(days=1)]
    for report in closed:
        assert report.expected == 60
        assert 50 <= report.reported <= 60
        assert report.figures["reached"] > 1000
    assert Visit.objects.filter(business_day=today).exists()
    assert set(Alert.objects.values_list("rule", flat=True)) & {"fever", "symptoms"}

    before = Visit.objects.count(), Alert.objects.count()
    assert is_seeded()
    assert not demo_seed(history_days=2, returnees=40), "a second call does nothing"
    assert (Visit.objects.count(), Alert.objects.count()) == before


def test_nothing_is_written_outside_the_demo_mode(settings: Any) -> None:
    settings.DEMO_MODE = False
    with pytest.raises(CommandError):
        call_command("seed_demo")
    assert not Region.objects.exists()


def test_the_demo_keeps_away_from_real_data(afternoon: None) -> None:
    User.objects.create(username="somebody", display_name="某人")
    with pytest.raises(DemoRefusedError):
        demo_seed(history_days=2, returnees=40)
    assert not Region.objects.exists()
