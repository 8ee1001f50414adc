"""Deriving codes: written only when they change, history never rewritten, the sweep set-based."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.core import clock
from backend.core.ids import new_id
from backend.core.models import Tombstone
from backend.health.choices import Colour, MonitoringState, Trigger
from backend.health.models import CodeDecision, CodeStatus, Monitoring
from backend.health.services import checks_record, codes_evaluate, codes_sweep, monitorings_end_due
from backend.residents.services import person_move
from backend.returnees.services import returnees_follow
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import check_row


def test_registration_gives_a_code_with_reason_rule_and_clause(returnee) -> None:
    registered = returnee()
    status = CodeStatus.objects.get()
    assert (status.person_id, status.colour, status.region_code) == (registered.person_id, Colour.YELLOW, CELL)
    assert "健康监测期内" in status.reason
    assert status.rule_version
    assert status.clause.startswith("吉林省返乡人员管理措施")
    decision = CodeDecision.objects.get()
    assert decision.trigger == Trigger.REGISTRATION
    assert decision.facts == [{"kind": "monitoring", "id": str(Monitoring.objects.get().pk)}]


def test_evaluating_again_writes_nothing(returnee) -> None:
    registered = returnee()
    before = CodeStatus.objects.values().get()
    assert codes_evaluate(person_ids=[registered.person_id, new_id()], trigger=Trigger.SWEEP) == 0
    assert CodeStatus.objects.values().get() == before
    assert CodeDecision.objects.count() == 1


def test_a_code_turns_green_when_the_term_has_run_and_since_says_when_the_colour_began(returnee, at) -> None:
    start = clock.now()
    today = clock.today()
    person = returnee(arrived_on=today).person_id
    at(start + dt.timedelta(days=1))
    checks_record(rows=[check_row(person, temperature=Decimal("37.5"))])
    yellow = CodeStatus.objects.get()
    assert yellow.rule_key == "symptom_recent"
    assert yellow.since < clock.now() - dt.timedelta(hours=23)
    at(start + dt.timedelta(days=14))
    assert monitorings_end_due(today=clock.today()) == 1
    assert monitorings_end_due(today=clock.today()) == 0
    assert Monitoring.objects.get().state == MonitoringState.ENDED
    assert CodeStatus.objects.get().colour == Colour.YELLOW
    at(start + dt.timedelta(days=15))
    assert codes_sweep(day=clock.today()) == 1
    green = CodeStatus.objects.get()
    assert (green.colour, green.rule_key, green.since) == (Colour.GREEN, "monitoring_done", clock.now())
    assert codes_sweep(day=clock.today()) == 0


def test_the_last_day_of_the_term_still_belongs_to_it(returnee, at) -> None:
    start = clock.now()
    returnee(arrived_on=clock.today())
    at(start + dt.timedelta(days=13))
    assert monitorings_end_due(today=clock.today()) == 0
    assert codes_sweep(day=clock.today()) == 0
    assert CodeStatus.objects.get().colour == Colour.YELLOW


def test_the_sweep_costs_the_same_however_many_people(returnee) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            codes_sweep(day=clock.today())
        return len(captured)

    returnee()
    codes_sweep(day=clock.today())
    one = queries()
    for _ in range(6):
        returnee()
    assert queries() == one == 6


def test_history_cannot_be_rewritten(returnee) -> None:
    returnee()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        CodeDecision.objects.update(colour=Colour.GREEN)


def test_a_code_and_its_term_follow_the_person_to_another_cell(returnee) -> None:
    registered = returnee(arrived_on=clock.today() - dt.timedelta(days=4))
    person_move(person_id=registered.person_id, to_region=OTHER_CELL, actor=None, address="西街3号")
    assert returnees_follow() == 1
    assert returnees_follow() == 0
    assert CodeStatus.objects.get().region_code == OTHER_CELL
    old, new = Monitoring.objects.order_by("registered_at")
    assert (old.state, old.region_code, old.last_day) == (
        MonitoringState.MOVED, CELL, clock.today() - dt.timedelta(days=1),
    )  # fmt: skip
    assert (new.state, new.region_code, new.first_day) == (MonitoringState.ACTIVE, OTHER_CELL, clock.today())
    assert (new.from_day, new.to_day, new.continues_id) == (old.from_day, old.to_day, old.pk)
    gone = set(Tombstone.objects.filter(region_code=CELL).values_list("kind", "object_id"))
    assert gone >= {("code", str(registered.person_id)), ("returnee", str(registered.pk))}
