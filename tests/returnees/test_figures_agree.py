"""Whatever happens in whatever order, the list of checks and the figures of the report say the same, also later on."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.accounts.choices import Role
from backend.core import clock
from backend.core.errors import ApiError
from backend.health.selectors import check_counts_by_cell
from backend.health.services import checks_record, monitorings_end_due
from backend.reports.counting import parameters_of
from backend.reports.sources import SOURCES
from backend.residents.services import person_move
from backend.returnees.services import returnee_correct_arrival, returnee_leave, returnee_register, returnees_follow
from tests.conftest import CELL, OTHER_CELL
from tests.health.conftest import check_row, returnee_fields

START = dt.date(2026, 3, 2)
CELLS = (CELL, OTHER_CELL)

hours = st.integers(1, 20)
acts = st.one_of(
    st.tuples(st.just("register"), hours, st.integers(0, 20), st.sampled_from(CELLS)),
    st.tuples(st.just("check"), hours, st.integers(0, 3), st.sampled_from(["morning", "evening"]), st.booleans()),
    st.tuples(st.just("leave"), hours, st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("correct"), hours, st.integers(0, 3), st.integers(0, 9)),
    st.tuples(st.just("move"), hours, st.integers(0, 3), st.sampled_from(CELLS)),
    st.tuples(st.just("end"), hours),
)


class World:
    """Plays acts, each some hours after the one before, and keeps what could be seen between them."""

    def __init__(self, actor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.actor, self.now = actor, clock.at(START, dt.time(6))
        self.returns: list[Any] = []
        self.seen: list[tuple[dt.date, dt.datetime, dict[str, tuple[int, int]]]] = []
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def play(self, act: tuple[Any, ...]) -> None:
        self.look(self.now + dt.timedelta(minutes=30))
        self.now += dt.timedelta(hours=act[1])
        try:
            with transaction.atomic():
                getattr(self, act[0])(*act[2:])
        except ApiError:
            pass

    def look(self, moment: dt.datetime) -> None:
        for days_ago in range(3):
            day = clock.business_day(moment) - dt.timedelta(days=days_ago)
            self.seen.append((day, moment, listed(day, moment)))

    def one(self, index: int) -> Any:
        return self.returns[index % len(self.returns)] if self.returns else None

    def register(self, days_ago: int, cell: str) -> None:
        arrived = clock.today() - dt.timedelta(days=days_ago)
        self.returns.append(returnee_register(**returnee_fields(arrived_on=arrived, region_code=cell)))

    def check(self, index: int, session: str, reachable: bool) -> None:
        if one := self.one(index):
            checks_record(rows=[check_row(one.person_id, session=session, reachable=reachable)])

    def leave(self, index: int, days_ago: int) -> None:
        if one := self.one(index):
            returnee_leave(
                returnee_id=one.pk, left_on=clock.today() - dt.timedelta(days=days_ago), actor=self.actor
            )  # fmt: skip

    def correct(self, index: int, days_ago: int) -> None:
        if one := self.one(index):
            arrived = clock.today() - dt.timedelta(days=days_ago)
            returnee_correct_arrival(returnee_id=one.pk, arrived_on=arrived, actor=self.actor)

    def move(self, index: int, cell: str) -> None:
        if one := self.one(index):
            person_move(person_id=one.person_id, to_region=cell, actor=None, address="新址1号")
            returnees_follow()

    def end(self) -> None:
        monitorings_end_due(today=clock.today())


def figures(day: dt.date, as_of: dt.datetime) -> dict[str, tuple[int, int]]:
    """Cell → (due, done) as the report counts them."""
    relation = SOURCES["monitorings"].sql("{column} >= %(low)s AND {column} < %(high)s")
    sums: dict[str, tuple[int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT region_code, sum(due)::int, sum(done)::int FROM ({relation}) AS s GROUP BY region_code",
            parameters_of(province="22", day=day, as_of=as_of),
        )
        for cell, due, done in cursor.fetchall():
            if due:
                sums[cell] = (due, done)
    return sums


def listed(day: dt.date, as_of: dt.datetime) -> dict[str, tuple[int, int]]:
    """The same from the list."""
    sums: dict[str, tuple[int, int]] = {}
    for count in check_counts_by_cell(day=day, as_of=as_of):
        expected, done = sums.get(count.region_code, (0, 0))
        sums[count.region_code] = (expected + count.expected, done + count.done)
    return sums


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(acts, min_size=3, max_size=14))
def test_list_and_figures_agree_and_what_was_seen_is_seen_again(tree, policies, user_with, script) -> None:
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        world = World(user_with(Role.PROVINCE, "22", "clerk"), patch)
        for act in script:
            world.play(act)
        world.look(world.now)
        for day, moment, then in world.seen:
            assert listed(day, moment) == then
            assert figures(day, moment) == then
        transaction.set_rollback(True)
