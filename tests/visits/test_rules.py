"""Who counts as feverish or symptomatic."""

from decimal import Decimal

import pytest

from backend.visits.rules import PersonSeen, judge

T = Decimal("37.3")
WATCHED = {"fever", "dry_cough"}


@pytest.mark.parametrize(
    ("people", "fever", "symptomatic"),
    [
        ([], 0, 0),
        ([PersonSeen(None, Decimal("37.2"), ())], 0, 0),
        ([PersonSeen(None, Decimal("37.3"), ())], 1, 0),
        ([PersonSeen(None, None, ("fever",))], 1, 1),
        ([PersonSeen(None, None, ("diarrhoea",))], 0, 0),
        ([PersonSeen(None, Decimal("38.5"), ("fever", "dry_cough")), PersonSeen("a", Decimal("36.5"), ())], 1, 1),
    ],
)
def test_persons_are_counted_once(people: list[PersonSeen], fever: int, symptomatic: int) -> None:
    judged = judge(people, threshold=T, watched=WATCHED)
    assert (judged.fever_count, judged.symptom_count) == (fever, symptomatic)


def test_the_highest_temperature_is_kept() -> None:
    people = [PersonSeen(None, Decimal("36.5"), ()), PersonSeen(None, Decimal("38.1"), ()), PersonSeen(None, None, ())]
    assert judge(people, threshold=T, watched=WATCHED).temperature_max == Decimal("38.1")
