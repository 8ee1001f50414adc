"""What a temperature and symptoms mean where and when they were noted: by the rules of health monitoring. Duty A10."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from backend.health.rules import Judged, judge_check
from backend.policies.selectors import value_of


class Judge:
    """Judges the records of one batch; the rules of a place and day are looked up once.

    Fever by `fever_threshold`, symptoms by `symptoms.monitoring`, for a check and for a visit alike: the code of a
    person must not hang on the form on which somebody wrote down what he saw.
    """

    def __init__(self) -> None:
        self._rules: dict[tuple[str, dt.date], tuple[Decimal, frozenset[str], str]] = {}

    def __call__(
        self, *, region_code: str, on: dt.date, temperature: Decimal | None, symptoms: Collection[str]
    ) -> tuple[Judged, str]:
        """What the record shows, and the version of the rule that says so. Temperature in ℃."""
        key = (region_code, on)
        if key not in self._rules:
            threshold = value_of("fever_threshold", region_code=region_code, on=on)
            watched = value_of("symptoms.monitoring", region_code=region_code, on=on)
            self._rules[key] = Decimal(str(threshold.value)), frozenset(watched.value), threshold.version
        limit, names, version = self._rules[key]
        return judge_check(temperature=temperature, symptoms=symptoms, threshold=limit, watched=names), version
