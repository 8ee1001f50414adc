"""Answers as JSON: what a view has at hand goes out as the documented text."""

import datetime as dt
import decimal
import json
import uuid

import msgspec
import pytest
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail

from backend.core import clock
from backend.core.rendering import JSONRenderer
from backend.regions.choices import Level


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (clock.at(dt.date(2026, 11, 20), dt.time(7, 30)), '"2026-11-20T07:30:00+08:00"'),
        (dt.datetime(2026, 11, 20, 1, 2, 3, tzinfo=dt.UTC), '"2026-11-20T01:02:03Z"'),
        (dt.date(2026, 11, 20), '"2026-11-20"'),
        (uuid.UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
        (decimal.Decimal("36.5"), '"36.5"'),
        (Level.VILLAGE, '"village"'),
        (gettext_lazy("甲一村"), '"甲一村"'),
        (ErrorDetail("不对", code="x"), '"不对"'),
        ({Level.GRID: (n for n in range(2))}, '{"grid":[0,1]}'),
        (msgspec.Raw(b'{"a":1}'), '{"a":1}'),
    ],
)
def test_a_value_leaves_as_its_text(value: object, text: str) -> None:
    assert JSONRenderer().render({"value": value}).decode() == f'{{"value":{text}}}'


def test_nothing_to_say_is_an_empty_body() -> None:
    assert JSONRenderer().render(None) == b""
    assert json.loads(JSONRenderer().render({})) == {}
