"""The truth of the simulated day is itself held against small cases worked out by hand."""

import datetime as dt
import uuid

from backend.core import clock
from backend.ops.simulate.truth import Concern, Fact, Truth

DAY = dt.date(2026, 11, 22)
CELL, OTHER, SILENT = "420102901901901", "420102901901902", "420102901901903"
HOURS = {"fever": 2.0, "symptoms": 24.0, "check_missed": 24.0}


def at(hour: int, minute: int = 0, days: int = 0) -> dt.datetime:
    return clock.at(DAY + dt.timedelta(days=days), dt.time(hour, minute))


def truth() -> Truth:
    return Truth(DAY, {CELL: 10, OTHER: 20, SILENT: 30}, HOURS)


def visit(cell: str, received: dt.datetime, outcome: str = "seen_well", subject: int = 1, fever: int = 0) -> Fact:
    return Fact("visit", cell, uuid.UUID(int=subject), received, outcome=outcome, fever=fever)


def test_no_record_is_missing_and_never_a_zero() -> None:
    assert truth().unit("42", at(11, days=1)) == (3, 0, "missing", {})


def test_only_cells_that_reported_are_in_the_sum() -> None:
    day = truth()
    day.add(visit(CELL, at(9)))
    expected, reported, value, figures = day.unit("42", at(11, days=1))
    assert (expected, reported, value) == (3, 1, "zero")
    assert (figures["households"], figures["reached"], figures["coverage"]) == (10, 1, 10.0)


def test_what_came_later_is_not_known_before() -> None:
    day = truth()
    day.add(visit(CELL, at(9), "nobody_home"))
    day.add(visit(CELL, at(7, 15, days=1), "seen_unwell", fever=1))
    assert day.unit(CELL, at(7, days=1))[3]["nobody_home"] == 1
    after = day.unit(CELL, at(7, 30, days=1))
    assert (after[2], after[3]["nobody_home"], after[3]["fever"]) == ("n", 0, 1)


def test_a_doubtful_record_is_no_evidence() -> None:
    day = truth()
    day.add(Fact("visit", CELL, uuid.UUID(int=1), at(9), outcome="seen_well", doubtful=True))
    assert day.unit(CELL, at(7, days=1))[2] == "missing"


def test_one_alert_for_one_concern_until_it_is_closed() -> None:
    day = truth()
    day.add(visit(CELL, at(9), "seen_unwell", fever=1))
    concern = Concern("fever", CELL, "1号", uuid.UUID(int=1), at(9), 2.0)
    day.concern(concern)
    day.concern(Concern("fever", CELL, "1号", uuid.UUID(int=1), at(14), 2.0))
    assert len(day.concerns) == 1
    assert day.unit(CELL, at(7, days=1))[3]["alerts_overdue"] == 1
    concern.acknowledged_at, concern.closed_at = at(14), at(19)
    day.concern(Concern("fever", CELL, "1号", uuid.UUID(int=1), at(20), 2.0))
    figures = day.unit(CELL, at(7, days=1))[3]
    assert (figures["alerts_raised"], figures["alerts_closed"], figures["alerts_overdue"]) == (2, 1, 1)


def test_a_check_that_nobody_made_gives_concern_once() -> None:
    day = truth()
    person = uuid.UUID(int=7)
    day.add(Fact("returnee", CELL, person, at(9)))
    day.add(Fact("check", CELL, person, at(9), session="morning"))
    for _ in range(2):
        day.missed("evening", {person: "1号"}, at(21, 30))
    assert [c.rule for c in day.concerns] == ["check_missed"]
    figures = day.unit(CELL, at(7, days=1))[3]
    assert (figures["checks_due"], figures["checks_done"], figures["checks_missed"]) == (2, 1, 1)
