"""What a visit shows of a named person moves his code, in whatever order records and corrections arrive."""

import datetime as dt
import itertools
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.alerts.models import Alert
from backend.core import clock
from backend.core.ids import new_id
from backend.health.choices import Colour, Trigger
from backend.health.models import CodeDecision, CodeStatus, DailyCheck, ReplacedVisit, VisitFinding
from backend.health.services import FindingRow, checks_record, codes_evaluate, codes_sweep, findings_record
from backend.residents.models import PersonAlias
from backend.visits.models import Visit
from backend.visits.rules import PersonSeen
from backend.visits.services import Upload, VisitRow, visits_record
from tests.conftest import CELL
from tests.health.conftest import DEVICE, check_row


def seen(person: uuid.UUID | None, temperature: str | None = None, *symptoms: str) -> PersonSeen:
    return PersonSeen(str(person) if person else None, Decimal(temperature) if temperature else None, symptoms)


def visit_row(*people: PersonSeen, at: dt.datetime | None = None, **changes: Any) -> VisitRow:
    moment = at or clock.now()
    row: dict[str, Any] = {
        "id": new_id(), "region_code": CELL, "place": "前进路8号", "business_day": clock.business_day(moment),
        "observed_at": moment, "corrected_at": moment, "doubtful": False, "household_id": new_id(),
        "outcome": "seen_unwell", "people": people, "needs": (), "note": None,
        "upload": Upload(moment, 1, "网格员", DEVICE),
    }  # fmt: skip
    return VisitRow(**{**row, **changes})


@pytest.fixture
def person(returnee, at) -> uuid.UUID:
    """Somebody whose term of monitoring is over: green until something is seen."""
    start = clock.now()
    registered = returnee(arrived_on=clock.today() - dt.timedelta(days=13))
    at(start + dt.timedelta(days=2))
    codes_sweep(day=clock.today())
    assert CodeStatus.objects.get().colour == Colour.GREEN
    return registered.person_id


def test_a_fever_at_the_door_turns_the_code_yellow_with_reason_rule_and_clause(person) -> None:
    visit = visit_row(seen(person, "38.4", "dry_cough"), seen(None, "36.5"))
    visits_record(rows=[visit])
    status = CodeStatus.objects.get()
    assert (status.colour, status.rule_key) == (Colour.YELLOW, "symptom_recent")
    assert "入户走访体温38.4℃，有干咳" in status.reason
    assert status.clause
    decision = CodeDecision.objects.order_by("-decided_at", "-id").first()
    assert decision.trigger == Trigger.VISIT
    assert decision.facts == [{"kind": "visit", "id": str(visit.id)}]
    assert decision.rule_version == status.rule_version != ""
    assert VisitFinding.objects.get().rule_version.startswith("national-")


@pytest.mark.parametrize("people", [[("36.8",)], [(None, "other")]])
def test_what_monitoring_does_not_watch_leaves_the_code_alone(person, people) -> None:
    visits_record(rows=[visit_row(*(seen(person, *shown) for shown in people))])
    assert CodeStatus.objects.get().colour == Colour.GREEN
    assert not VisitFinding.objects.exists()


def test_somebody_unnamed_moves_nobodys_code(person) -> None:
    visits_record(rows=[visit_row(seen(None, "38.4"))])
    assert CodeStatus.objects.get().colour == Colour.GREEN
    assert Alert.objects.count() == 1


def test_a_doubtful_time_is_no_evidence(person) -> None:
    visits_record(rows=[visit_row(seen(person, "38.4"), doubtful=True)])
    assert CodeStatus.objects.get().colour == Colour.GREEN


def test_a_phones_own_id_means_the_person_on_record_for_code_and_alert_alike(person) -> None:
    alias = PersonAlias.objects.create(id=new_id(), person_id=person)
    visits_record(rows=[visit_row(seen(alias.pk, "38.4"), seen(person, None, "dry_cough"))])
    assert VisitFinding.objects.get().symptoms == ["dry_cough"]
    assert CodeStatus.objects.get().colour == Colour.YELLOW
    assert set(Alert.objects.values_list("person_id", flat=True)) == {person}


def test_storing_a_finding_again_changes_nothing(person) -> None:
    visit = visit_row(seen(person, "38.4"))
    visits_record(rows=[visit])
    before = CodeDecision.objects.count()
    row = FindingRow(
        visit_id=visit.id, person_id=person, region_code=CELL, business_day=visit.business_day, doubtful=False,
        temperature=Decimal("38.4"), symptoms=(),
    )  # fmt: skip
    findings_record(rows=[row], replaced={})
    assert (VisitFinding.objects.count(), CodeDecision.objects.count()) == (1, before)


def test_a_correction_takes_the_finding_back_also_when_it_names_nobody(person) -> None:
    wrong = visit_row(seen(person, "38.4"))
    visits_record(rows=[wrong])
    assert CodeStatus.objects.get().colour == Colour.YELLOW
    visits_record(rows=[visit_row(outcome="seen_well", replaces_id=wrong.id)])
    assert CodeStatus.objects.get().colour == Colour.GREEN


def test_a_correction_that_came_first_holds_when_the_record_follows(person) -> None:
    wrong = visit_row(seen(person, "38.4"))
    visits_record(rows=[visit_row(seen(person, "36.4"), replaces_id=wrong.id)])
    visits_record(rows=[wrong])
    assert CodeStatus.objects.get().colour == Colour.GREEN


def test_a_check_corrected_to_an_earlier_day_counts_no_more(person) -> None:
    now = clock.now()
    wrong = check_row(person, temperature=Decimal("38.4"))
    checks_record(rows=[wrong])
    assert CodeStatus.objects.get().colour == Colour.YELLOW
    right = check_row(person, at=now - dt.timedelta(days=30), temperature=Decimal("36.4"), replaces_id=wrong.id)
    checks_record(rows=[right])
    assert CodeStatus.objects.get().colour == Colour.GREEN


def test_a_batch_costs_the_same_however_many_people_it_names(returnee) -> None:
    def queries(count: int) -> int:
        people = [returnee().person_id for _ in range(count)]
        now = clock.now()
        rows = [visit_row(seen(each, "38.4"), at=now) for each in people]
        with CaptureQueriesContext(connection) as captured:
            visits_record(rows=rows)
        return len(captured)

    visits_record(rows=[visit_row(seen(returnee().person_id, "38.4"))])
    assert queries(1) == queries(7)


def test_visits_without_names_cost_no_query_of_health(person) -> None:
    with CaptureQueriesContext(connection) as captured:
        visits_record(rows=[visit_row(outcome="seen_well"), visit_row(seen(None, "36.5"))])
    assert not [q for q in captured if "health_" in str(q["sql"]) or "residents_" in str(q["sql"])]


#: How often a record is kept, in days before today; the rule looks seven days back.
_DAYS = st.integers(0, 9)
_SHOWN = st.sampled_from([("38.4",), ("36.5",), (None, "fever"), (None, "dry_cough"), (None, "other"), ("37.3",)])
_RECORDS = st.lists(
    st.tuples(st.sampled_from(["check", "visit"]), _DAYS, _SHOWN, st.booleans(), st.none() | st.integers(0, 5)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(_RECORDS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_code(person, records, random) -> None:
    """Checks, visits and corrections of either, in any order and cut into any batches."""
    stored = _records(person, records)
    outcomes = set()
    for _ in range(3):
        random.shuffle(stored)
        cuts = sorted(random.sample(range(1, len(stored)), random.randint(0, len(stored) - 1)))
        with transaction.atomic():
            for start, end in itertools.pairwise([0, *cuts, len(stored)]):
                batch = stored[start:end]
                visits_record(rows=[row for row in batch if isinstance(row, VisitRow)])
                checks_record(rows=[row for row in batch if not isinstance(row, VisitRow)])
            outcomes.add(CodeStatus.objects.values_list("colour", "reason", "rule_key", "rule_version").get())
            assert codes_evaluate(person_ids=[person], trigger=Trigger.SWEEP) == 0
            transaction.set_rollback(True)
    assert len(outcomes) == 1


def _records(person: uuid.UUID, records: list[Any]) -> list[Any]:
    """Rows of checks and visits; the last number of a record names an earlier one of its kind that it replaces."""
    rows: list[Any] = []
    for kind, days, shown, doubtful, replaces in records:
        moment = clock.now() - dt.timedelta(days=days)
        earlier = [row for row in rows if isinstance(row, VisitRow) == (kind == "visit")]
        changes = {
            "doubtful": doubtful,
            "replaces_id": earlier[replaces % len(earlier)].id if replaces and earlier else None,
        }
        one = seen(person, *shown)
        if kind == "visit":
            rows.append(visit_row(one, at=moment, **changes))
        else:
            rows.append(check_row(person, at=moment, temperature=one.temperature, symptoms=one.symptoms, **changes))
    return rows


def test_nothing_is_kept_of_visits_that_show_nothing(person) -> None:
    visits_record(rows=[visit_row(seen(person, "36.5"))])
    assert (Visit.objects.count(), DailyCheck.objects.count(), ReplacedVisit.objects.count()) == (1, 0, 0)
