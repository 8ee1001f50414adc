"""Alerts follow a household or person to another cell; both sides learn of it, and past figures stay."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.alerts.choices import CloseReason
from backend.alerts.models import Alert
from backend.alerts.rules import Finding
from backend.alerts.services import alert_close, alerts_evaluate
from backend.core import clock
from backend.reports.sources import SOURCES
from backend.residents.models import Household
from backend.residents.services import household_move, households_create, person_create, person_move
from tests.alerts.conftest import number_events
from tests.conftest import CELL, OTHER_CELL
from tests.residents import factories

pytestmark = pytest.mark.usefixtures("policies", "tree")


@pytest.fixture
def household() -> Any:
    item = factories.household(region_code=CELL)
    households_create(items=[item], actor=None)
    return item


@pytest.fixture
def watch(user_with: Callable[..., User], client_of: Callable[[User], APIClient]) -> Callable[..., list[dict]]:
    """`watch(region)` → the events that a village there has seen so far, oldest first."""
    clients: dict[str, APIClient] = {}

    def events(region: str) -> list[dict]:
        if region not in clients:
            clients[region] = client_of(user_with(Role.VILLAGE, region))
        number_events()
        return clients[region].get("/api/v1/alerts/", {"after": 0}).json()["events"]

    return events


def test_the_alerts_of_a_household_move_with_it_and_both_sides_see_it(
    household: Any, finding: Callable[..., Finding], watch: Callable[..., list[dict]]
) -> None:
    (alert,) = alerts_evaluate(findings=[finding(temperature="38.2", household_id=household.id)])
    (stays,) = alerts_evaluate(findings=[finding(temperature="38.9")])
    household_move(household_id=household.id, to_region=OTHER_CELL, actor=None)
    moved = Alert.objects.get(pk=alert.pk)
    assert (moved.region_code, moved.state, moved.due_at, moved.place) == (
        OTHER_CELL,
        "open",
        alert.due_at,
        "3幢2单元501",
    )
    assert Alert.objects.get(pk=stays.pk).region_code == CELL
    here = [e for e in watch(CELL[:12]) if e["alert"] == str(alert.pk)]
    there = watch(OTHER_CELL[:12])
    assert [(e["type"], e["region"], e.get("other_region")) for e in here] == [
        ("raised", CELL, None), ("moved_out", CELL, OTHER_CELL),
    ]  # fmt: skip
    assert [(e["type"], e["region"], e["other_region"]) for e in there] == [("moved_in", OTHER_CELL, CELL)]
    assert there[0]["title"] == "发热 38.2℃"


def test_closed_alerts_stay_where_they_were_closed(
    household: Any, finding: Callable[..., Finding], user_with: Callable[..., User]
) -> None:
    (alert,) = alerts_evaluate(findings=[finding(temperature="38.2", household_id=household.id)])
    alert_close(actor=user_with(Role.VILLAGE, CELL[:12]), alert_id=alert.pk, reason=CloseReason.HANDLED)
    household_move(household_id=household.id, to_region=OTHER_CELL, actor=None)
    assert Alert.objects.get(pk=alert.pk).region_code == CELL


def test_the_new_side_can_act_and_the_old_one_no_longer(
    household: Any,
    finding: Callable[..., Finding],
    user_with: Callable[..., User],
    client_of: Callable[[User], APIClient],
) -> None:
    (alert,) = alerts_evaluate(findings=[finding(temperature="38.2", household_id=household.id)])
    household_move(household_id=household.id, to_region=OTHER_CELL, actor=None)
    url = f"/api/v1/alerts/{alert.pk}/acknowledge/"
    assert client_of(user_with(Role.VILLAGE, CELL[:12])).post(url, {}, format="json").status_code == 404
    assert client_of(user_with(Role.VILLAGE, OTHER_CELL[:12])).post(url, {}, format="json").status_code == 200


def test_a_person_who_moves_alone_takes_along_what_is_about_him(
    household: Any, finding: Callable[..., Finding]
) -> None:
    person = person_create(item=factories.person(region_code=CELL, household_id=household.id, address=""), actor=None)
    his = finding(temperature="38.2", household_id=household.id, person_id=person.pk)
    theirs = finding(temperature="38.3", household_id=household.id)
    alerts_evaluate(findings=[his, theirs])
    person_move(person_id=person.pk, to_region=OTHER_CELL, actor=None, address="西街3号")
    moved = Alert.objects.get(person_id=person.pk)
    assert (moved.region_code, moved.place, moved.household_id) == (OTHER_CELL, "西街3号", None)
    assert Alert.objects.get(person_id=None).region_code == CELL


def test_a_move_costs_the_same_queries_however_many_alerts(household: Any, finding: Callable[..., Finding]) -> None:
    def queries(alerts: int) -> int:
        cell = Household.objects.get().region_code
        people = [uuid.uuid4() for _ in range(alerts)]
        alerts_evaluate(
            findings=[
                finding(temperature="38.2", household_id=household.id, region_code=cell, person_id=p) for p in people
            ]
        )
        with CaptureQueriesContext(connection) as counted:
            household_move(household_id=household.id, to_region=OTHER_CELL if cell == CELL else CELL, actor=None)
        assert Alert.objects.filter(region_code=cell).count() == 0
        return len(counted)

    queries(1)
    assert queries(1) == queries(5)


def test_a_move_leaves_the_figures_of_the_days_before_where_they_were(
    household: Any, finding: Callable[..., Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raised and overdue are counted at the cell of that moment, however late the count runs."""
    raised = clock.now()
    alerts_evaluate(findings=[finding(temperature="38.2", household_id=household.id)])
    monkeypatch.setattr(clock, "now", lambda: raised + dt.timedelta(hours=3))
    household_move(household_id=household.id, to_region=OTHER_CELL, actor=None)

    def counted(source: str, hours: float) -> list[str]:
        moment = raised + dt.timedelta(hours=hours)
        sql = SOURCES[source].sql("{column} >= '22'")
        with connection.cursor() as cursor:
            cursor.execute(sql, {"day": clock.business_day(raised), "as_of": moment, "stock_at": moment})
            return [region for _, region in cursor.fetchall()]

    assert counted("alerts_raised", 4) == [CELL]
    assert counted("alerts_overdue", 1) == []
    assert counted("alerts_overdue", 2.5) == [CELL]
    assert counted("alerts_overdue", 4) == [OTHER_CELL]
