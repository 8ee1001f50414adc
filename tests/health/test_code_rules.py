"""The code rules over plain values: what decides, in which order, and that nothing else does."""

import datetime as dt
import inspect
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.symptoms import Symptom
from backend.health import services
from backend.health.choices import Colour, MonitoringState
from backend.health.rules import CODE_RULES, SEEN_AT, SignFact, SymptomTerm, TermFact, decide, inclusive_term

DAY = dt.date(2026, 3, 14)
SYMPTOM_TERM = SymptomTerm(7, "national-1:code.symptom.days", "二(一)3")


def day(offset: int) -> dt.date:
    return DAY + dt.timedelta(days=offset)


def check(
    offset: int, temperature: str | None = "38.2", *, symptoms: tuple[str, ...] = (), kind: str = "check"
) -> SignFact:
    value = None if temperature is None else Decimal(temperature)
    fever = (value is not None and value >= Decimal("37.3")) or "fever" in symptoms
    return SignFact(kind, uuid.uuid4(), day(offset), value, frozenset(symptoms), fever, bool(symptoms))


def term(start: int, state: MonitoringState = MonitoringState.ACTIVE, last: int | None = None) -> TermFact:
    first, end = inclusive_term(day(start), 14)
    return TermFact(uuid.uuid4(), first, end, end if last is None else day(last), state.value, "v1", "条款")


def decided(checks=(), terms=(), on=DAY):
    return decide(day=on, signs=checks, terms=terms, symptom_term=SYMPTOM_TERM)


def test_nothing_known_is_green_and_cites_the_rule() -> None:
    decision = decided()
    assert (decision.colour, decision.rule_key, decision.facts) == (Colour.GREEN, "nothing_known", ())
    assert decision.rule_version == SYMPTOM_TERM.version


def test_monitoring_is_yellow_on_its_first_and_its_last_day_and_green_the_day_after() -> None:
    running = term(-13)
    assert running.to_day == DAY
    assert decided(terms=[running], on=running.from_day).colour is Colour.YELLOW
    assert decided(terms=[running]).colour is Colour.YELLOW
    after = decided(terms=[running], on=day(1))
    assert (after.colour, after.rule_key) == (Colour.GREEN, "monitoring_done")
    assert after.facts == (("monitoring", str(running.id)),)


def test_reason_names_the_days_and_the_rule() -> None:
    decision = decided(terms=[term(0)])
    assert decision.reason == "正在返乡健康监测期内（2026年3月14日至2026年3月27日），期满且无症状转为绿码。"
    assert (decision.rule_version, decision.clause) == ("v1", "条款")


@pytest.mark.parametrize(("offset", "colour"), [(0, Colour.YELLOW), (-6, Colour.YELLOW), (-7, Colour.GREEN)])
def test_a_fever_keeps_the_code_yellow_for_the_days_of_the_rule_its_own_included(offset, colour) -> None:
    assert decided(checks=[check(offset)]).colour is colour


def test_a_symptom_outweighs_a_finished_term_and_tells_what_was_seen() -> None:
    decision = decided(
        checks=[check(-1, symptoms=("fatigue", "dry_cough")), check(-1, "37.9")],
        terms=[term(-20, MonitoringState.ENDED)],
    )
    assert decision.rule_key == "symptom_recent"
    assert (
        decision.reason == "2026年3月13日健康监测体温38.2℃，有干咳、乏力，此后至2026年3月19日无新的症状方可转为绿码。"
    )


def test_fever_told_without_a_thermometer_still_has_words() -> None:
    assert "有发热" in decided(checks=[check(0, None, symptoms=("fever",))]).reason


def test_a_newer_symptom_starts_the_term_again_and_both_are_evidence() -> None:
    older, newer = check(-5), check(0)
    decision = decided(checks=[older, newer])
    assert "2026年3月20日" in decision.reason
    assert decision.facts == tuple(sorted([("check", str(older.id)), ("check", str(newer.id))]))


def test_what_a_visit_showed_counts_like_a_check_and_is_called_a_visit() -> None:
    seen = check(-1, "38.0", kind="visit")
    decision = decided(checks=[seen])
    assert decision.colour is Colour.YELLOW
    assert decision.reason == "2026年3月13日入户走访体温38.0℃，此后至2026年3月19日无新的症状方可转为绿码。"
    assert decision.facts == (("visit", str(seen.id)),)
    both = decided(checks=[seen, check(-1, "38.4")])
    assert both.reason.startswith("2026年3月13日健康监测、入户走访体温38.4℃")


def test_leaving_early_is_no_release() -> None:
    left = term(-3, MonitoringState.LEFT, last=0)
    assert (decided(terms=[left]).colour, decided(terms=[left]).rule_key) == (Colour.YELLOW, "left_early")
    assert decided(terms=[left], on=left.to_day).colour is Colour.YELLOW
    assert decided(terms=[left], on=left.to_day + dt.timedelta(days=1)).colour is Colour.GREEN


def test_a_cancelled_or_handed_over_term_decides_nothing() -> None:
    terms = [term(0, MonitoringState.CANCELLED), term(0, MonitoringState.MOVED, last=-1)]
    assert decided(terms=terms).rule_key == "nothing_known"


checks_of_any_kind = st.builds(
    SignFact,
    kind=st.sampled_from(sorted(SEEN_AT)),
    id=st.uuids(),
    day=st.dates(day(-40), day(1)),
    temperature=st.none() | st.decimals("35.0", "42.5", places=1),
    symptoms=st.frozensets(st.sampled_from(Symptom.values)),
    fever=st.booleans(),
    symptomatic=st.booleans(),
)
terms_of_any_kind = st.builds(
    lambda i, start, days, state, cut: TermFact(
        i,
        start,
        start + dt.timedelta(days=days),
        start + dt.timedelta(days=min(cut, days)),
        state.value,
        f"v{days}",
        "c",
    ),
    st.uuids(),
    st.dates(day(-60), day(0)),
    st.integers(0, 30),
    st.sampled_from(MonitoringState),
    st.integers(0, 30),
)


@given(st.lists(checks_of_any_kind, max_size=8), st.lists(terms_of_any_kind, max_size=5), st.randoms())
def test_neither_order_nor_repetition_of_facts_matters(checks, terms, random) -> None:
    before = decided(checks, terms)
    shuffled, again = list(checks) + checks[:2], list(terms) + terms[:1]
    random.shuffle(shuffled)
    random.shuffle(again)
    assert decided(shuffled, again) == before


@given(st.lists(checks_of_any_kind, max_size=8), st.lists(terms_of_any_kind, max_size=5))
def test_every_decision_says_why_and_rests_on_given_facts(checks, terms) -> None:
    decision = decided(checks, terms)
    assert decision.reason.endswith("。")
    assert len(decision.reason) <= 200
    assert decision.rule_key in {rule.__name__ for rule in CODE_RULES}
    given_facts = {(c.kind, str(c.id)) for c in checks} | {("monitoring", str(t.id)) for t in terms}
    assert set(decision.facts) <= given_facts
    if decision.colour is Colour.YELLOW:
        assert decision.facts


@given(st.lists(checks_of_any_kind, max_size=8), st.lists(terms_of_any_kind, max_size=5))
def test_the_facts_named_are_enough_to_decide_the_same_again(checks, terms) -> None:
    decision = decided(checks, terms)
    named = {i for _, i in decision.facts}
    assert decided([c for c in checks if str(c.id) in named], [t for t in terms if str(t.id) in named]) == decision


@given(st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.integers(1, 60))
def test_terms_are_inclusive(start, days) -> None:
    first, last = inclusive_term(start, days)
    assert first == start
    assert (last - first).days + 1 == days


def test_no_service_takes_a_colour() -> None:
    """A permanent guard: nobody sets a colour by hand."""
    for name in services.__all__:
        parameters = inspect.signature(getattr(services, name)).parameters
        assert not {"colour", "color", "status", "reason"} & set(parameters), name
