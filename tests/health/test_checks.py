"""Checks: stored whole, judged by the rule in force, moving codes, raising alerts; queries do not grow with a batch."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.alerts.models import Alert
from backend.core import clock, keyring
from backend.core.ids import new_id
from backend.facts.models import TouchedCell
from backend.health.models import CodeDecision, CodeStatus, DailyCheck
from backend.health.selectors import monitored_on
from backend.health.services import checks_record
from backend.residents.models import PersonAlias
from tests.conftest import CELL
from tests.health.conftest import check_row


def test_a_check_is_stored_as_it_was_made(returnee) -> None:
    person = returnee().person_id
    row = check_row(person, temperature=Decimal("36.8"), symptoms=("other",), note="说昨晚没睡好")
    checks_record(rows=[row])
    stored = DailyCheck.objects.get()
    assert (stored.id, stored.person_id, stored.session, stored.temperature) == (
        row.id, person, "morning", Decimal("36.8"),
    )  # fmt: skip
    assert (stored.fever, stored.symptomatic, stored.symptoms) == (False, False, ["other"])
    assert stored.rule_version.startswith("national")
    assert "昨晚" not in bytes(stored.note_sealed).decode("utf-8", "replace")
    assert keyring.unseal(stored.note_sealed, row=stored.id, column="check.note") == "说昨晚没睡好"
    assert TouchedCell.objects.filter(business_day=row.business_day, region_code=CELL).exists()


@pytest.mark.parametrize(
    ("temperature", "symptoms", "fever", "symptomatic"),
    [
        ("37.2", (), False, False),
        ("37.3", (), True, False),
        (None, ("fever",), True, True),
        ("36.5", ("dry_cough",), False, True),
        ("36.5", ("other",), False, False),
    ],
)
def test_fever_and_symptoms_are_judged_by_the_policy(returnee, temperature, symptoms, fever, symptomatic) -> None:
    person = returnee().person_id
    checks_record(
        rows=[check_row(person, temperature=temperature and Decimal(temperature), symptoms=symptoms)]
    )  # fmt: skip
    stored = DailyCheck.objects.get()
    assert (stored.fever, stored.symptomatic) == (fever, symptomatic)
    assert Alert.objects.filter(person_id=person).exists() is (fever or symptomatic)
    rule = CodeStatus.objects.get(person_id=person).rule_key
    assert rule == ("symptom_recent" if fever or symptomatic else "under_monitoring")


def test_the_alert_shows_the_door_and_no_name(returnee) -> None:
    registered = returnee(address="东沟屯12号")
    checks_record(rows=[check_row(registered.person_id, temperature=Decimal("38.6"))])
    alert = Alert.objects.get()
    assert (alert.place, alert.person_id, alert.severity) == ("东沟屯12号", registered.person_id, "urgent")
    assert "李" not in alert.title + alert.why + alert.place


def test_a_check_under_an_alias_is_the_persons_check(returnee) -> None:
    person = returnee().person_id
    alias = PersonAlias.objects.create(id=new_id(), person_id=person)
    assert monitored_on([(alias.id, clock.today())]) == {(alias.id, clock.today())}
    checks_record(rows=[check_row(alias.id, temperature=Decimal("39.0"))])
    assert DailyCheck.objects.get().person_id == person
    assert CodeStatus.objects.get(person_id=person).rule_key == "symptom_recent"


def test_a_correction_takes_back_what_the_wrong_check_did_to_the_code(returnee) -> None:
    person = returnee().person_id
    wrong = check_row(person, temperature=Decimal("39.8"))
    checks_record(rows=[wrong])
    assert CodeStatus.objects.get().rule_key == "symptom_recent"
    checks_record(rows=[check_row(person, temperature=Decimal("36.8"), replaces_id=wrong.id)])
    assert CodeStatus.objects.get().rule_key == "under_monitoring"
    assert DailyCheck.objects.count() == 2
    assert list(CodeDecision.objects.order_by("decided_at").values_list("rule_key", flat=True)) == [
        "under_monitoring", "symptom_recent", "under_monitoring",
    ]  # fmt: skip


def test_a_correction_of_somebody_else_replaces_nothing(returnee) -> None:
    first, second = returnee().person_id, returnee().person_id
    fever = check_row(first, temperature=Decimal("39.0"))
    checks_record(rows=[fever])
    checks_record(rows=[check_row(second, replaces_id=fever.id)])
    assert CodeStatus.objects.get(person_id=first).rule_key == "symptom_recent"


def test_a_doubtful_time_rings_but_moves_no_code(returnee) -> None:
    person = returnee().person_id
    checks_record(rows=[check_row(person, temperature=Decimal("39.0"), doubtful=True)])
    assert CodeStatus.objects.get().rule_key == "under_monitoring"
    assert Alert.objects.count() == 1


def test_a_batch_costs_the_same_however_large(returnee) -> None:
    people = [returnee().person_id for _ in range(12)]

    def queries(rows) -> int:
        with CaptureQueriesContext(connection) as captured:
            checks_record(rows=rows)
        return len(captured)

    checks_record(rows=[check_row(people[0])])  # policies are read once per process
    few = queries([check_row(person) for person in people[:2]])
    many = queries([check_row(person, session="evening") for person in people])
    assert few == many == 8
    one_fever = queries([check_row(people[0], temperature=Decimal("38.0"))])
    fevers = queries([check_row(person, temperature=Decimal("38.0")) for person in people[1:]])
    assert one_fever == fevers == 12


def test_monitored_on_includes_both_ends_and_ended_terms(returnee, django_assert_num_queries) -> None:
    today = clock.today()
    person = returnee(arrived_on=today - dt.timedelta(days=3)).person_id
    days = [today + dt.timedelta(days=n) for n in range(-5, 13)]
    with django_assert_num_queries(1):
        found = monitored_on([(person, day) for day in days] + [(new_id(), today)])
    assert {day for _, day in found} == {today + dt.timedelta(days=n) for n in range(-3, 11)}
    assert monitored_on([]) == set()
