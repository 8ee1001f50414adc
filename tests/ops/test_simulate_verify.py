"""A day that differs from the truth does not pass."""

import datetime as dt
import uuid

from backend.core import clock
from backend.ops.simulate.truth import Fact, Truth
from backend.ops.simulate.verify import compare

DAY = dt.date(2026, 11, 22)
CELL = "420102901901901"
CUT_OFF = clock.at(DAY + dt.timedelta(days=1), dt.time(7))


def truth() -> Truth:
    day = Truth(DAY, {CELL: 10}, {})
    at = clock.at(DAY, dt.time(9))
    day.add(Fact("visit", CELL, uuid.UUID(int=1), at, outcome="seen_unwell", fever=1))
    return day


def said() -> dict:
    figures = truth().unit(CELL, CUT_OFF)[3]
    return {"is_closed": True, "expected": 1, "reported": 1, "value": "n", "figures": dict(figures)}


def test_what_agrees_passes() -> None:
    assert compare(said(), truth(), CELL, CUT_OFF) == []


def test_every_kind_of_difference_is_named() -> None:
    for key, wrong in (("is_closed", False), ("expected", 2), ("reported", 0), ("value", "zero")):
        assert len(compare(said() | {key: wrong}, truth(), CELL, CUT_OFF)) == 1, key
    for change in ({"fever": 2.0}, {"reached": None}, {"an_indicator_nobody_knows": 0}):
        answer = said()
        answer["figures"] |= change
        assert len(compare(answer, truth(), CELL, CUT_OFF)) == 1, change


def test_a_missing_unit_has_no_figures_at_all() -> None:
    empty = Truth(DAY, {CELL: 10}, {})
    answer = {"is_closed": True, "expected": 1, "reported": 0, "value": "missing", "figures": {"fever": None}}
    assert compare(answer, empty, CELL, CUT_OFF) == []
    assert compare(answer | {"figures": {"fever": 0}}, empty, CELL, CUT_OFF) == [f"{CELL} fever: 0, truth None"]
