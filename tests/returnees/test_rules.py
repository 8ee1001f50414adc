"""Arrival, leaving and origin over plain values."""

import datetime as dt

import pytest

from backend.core.errors import ErrorCode
from backend.returnees.rules import (
    arrival_doubtful,
    arrival_problem,
    correction_problem,
    leaving_problem,
    origin_problem,
)

TODAY = dt.date(2026, 3, 14)


def day(offset: int) -> dt.date:
    return TODAY + dt.timedelta(days=offset)


def test_an_arrival_lies_today_or_before() -> None:
    assert arrival_problem(arrived_on=TODAY, today=TODAY) is None
    assert arrival_problem(arrived_on=day(1), today=TODAY) == (ErrorCode.ARRIVAL_IN_FUTURE, "arrived_on")


def test_an_arrival_is_doubtful_beyond_the_plausible_days_and_not_on_the_last_of_them() -> None:
    assert not arrival_doubtful(arrived_on=day(-31), today=TODAY, plausible_days=31)
    assert arrival_doubtful(arrived_on=day(-32), today=TODAY, plausible_days=31)


def test_who_was_registered_had_arrived() -> None:
    assert correction_problem(arrived_on=TODAY, registered_on=TODAY) is None
    assert correction_problem(arrived_on=day(1), registered_on=TODAY) is not None


@pytest.mark.parametrize(
    ("offset", "code"),
    [(-3, None), (0, None), (-4, ErrorCode.LEFT_BEFORE_ARRIVAL), (1, ErrorCode.LEAVING_IN_FUTURE)],
)
def test_a_leaving_lies_between_arrival_and_today(offset, code) -> None:
    problem = leaving_problem(arrived_on=day(-3), left_on=day(offset), today=TODAY)
    assert (problem and problem[0]) == code


@pytest.mark.parametrize(
    ("code", "text", "problem"),
    [
        ("22", "", None),
        ("2201", "东站", None),
        ("", "大连", None),
        ("", "  ", (ErrorCode.MISSING_FIELD, "origin")),
        ("220521901", "", (ErrorCode.BAD_REGION_CODE, "origin")),
        ("２２", "", (ErrorCode.BAD_REGION_CODE, "origin")),
        ("", "x" * 61, (ErrorCode.BAD_FIELD, "origin_text")),
        ("22", "a\x00b", (ErrorCode.BAD_FIELD, "origin_text")),
    ],
)
def test_where_from_is_a_region_or_words(code, text, problem) -> None:
    assert origin_problem(code=code, text=text) == problem
