"""The alert rules: pure functions, tried in order."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from backend.alerts.choices import RuleKey, Severity
from backend.alerts.rules import ALERT_RULES, Basis, Finding, Thresholds, judge

DAY = dt.date(2026, 11, 22)
THRESHOLDS = Thresholds(
    fever=Basis(Decimal("37.3"), "national-1:fever_threshold@2020-01-01", "第一条"),
    symptoms={
        "visit": Basis(("dry_cough", "fatigue"), "national-1:symptoms.door@2020-01-01", "第二条"),
        "check": Basis(("diarrhoea",), "national-1:symptoms.monitoring@2020-01-01", "第三条"),
    },
    unseen_days=Basis(7, "national-1:household.unseen.days@2020-01-01", "第四条"),
    sessions=Basis(("morning", "evening"), "national-1:checks.sessions@2020-01-01", "第五条"),
    acknowledge_hours={"urgent": 2, "warning": 24},
)


@pytest.mark.parametrize(
    ("given", "rule", "title"),
    [
        ({"temperature": "37.3"}, RuleKey.FEVER, "发热 37.3℃"),
        ({"temperature": "37.2"}, None, None),
        ({"symptoms": ("fever",)}, RuleKey.FEVER, "发热"),
        ({"symptoms": ("dry_cough", "fatigue")}, RuleKey.SYMPTOMS, "有症状：干咳、乏力"),
        ({"symptoms": ("diarrhoea",)}, None, None),
        ({"kind": "check", "symptoms": ("diarrhoea",)}, RuleKey.SYMPTOMS, "有症状：腹泻"),
        ({"kind": "check", "temperature": "39.0", "symptoms": ("diarrhoea",)}, RuleKey.FEVER, "发热 39.0℃"),
        ({"kind": "household_unseen", "days_unseen": 6}, None, None),
        ({"kind": "household_unseen", "days_unseen": 7}, RuleKey.HOUSEHOLD_UNSEEN, "已 7 天未见到住户"),
        ({"kind": "household_unseen", "temperature": "39.0"}, None, None),
        (
            {"kind": "check_missed", "session": "evening", "business_day": DAY},
            RuleKey.CHECK_MISSED,
            "11月22日晚间健康监测未报",
        ),
        ({}, None, None),
    ],
)
def test_each_rule_speaks_when_it_should(
    finding: Callable[..., Finding], given: dict[str, object], rule: RuleKey | None, title: str | None
) -> None:
    concern = judge(finding(**given), THRESHOLDS)
    assert (concern.rule if concern else None) == rule
    assert (concern.title if concern else None) == title
    if concern:
        assert concern.why.endswith("。")
        assert concern.basis.version
        assert concern.basis.clause


def test_rules_are_tried_in_order_and_the_first_wins(finding: Callable[..., Finding]) -> None:
    both = finding(temperature="38.0", symptoms=("dry_cough",))
    spoken = [c for rule in ALERT_RULES if (c := rule(both, THRESHOLDS)) is not None]
    assert [c.rule for c in spoken] == [RuleKey.FEVER, RuleKey.SYMPTOMS]
    assert judge(both, THRESHOLDS) == spoken[0]
    assert spoken[0].severity is Severity.URGENT


def test_a_named_person_is_the_concern_rather_than_the_household(finding: Callable[..., Finding]) -> None:
    import uuid

    person = uuid.uuid4()
    at_the_door = judge(finding(temperature="38.0"), THRESHOLDS)
    named = judge(finding(temperature="38.0", person_id=person), THRESHOLDS)
    assert at_the_door is not None and named is not None  # noqa: PT018
    assert at_the_door.key.startswith("fever:household:")
    assert named.key == f"fever:person:{person}"


def test_a_long_absence_speaks_again_after_as_many_days_more(finding: Callable[..., Finding]) -> None:
    def occasion(day: int) -> str | None:
        on = DAY + dt.timedelta(days=day)
        concern = judge(finding(kind="household_unseen", days_unseen=day, business_day=on), THRESHOLDS)
        return concern.occasion if concern else None

    assert occasion(6) is None
    assert occasion(7) == occasion(13) == f"{DAY}:1"
    assert occasion(14) == f"{DAY}:2"
