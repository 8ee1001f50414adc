"""Fact tables are partitioned by month from the start; no day is ever without a place."""

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection

from backend.core.ids import new_id
from backend.facts.models import Fact
from backend.visits.models import Visit
from tests.conftest import CELL

pytestmark = pytest.mark.django_db


def visit_on(day: dt.date) -> Visit:
    moment = dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)
    return Visit.objects.create(
        id=new_id(), region_code=CELL, business_day=day, observed_at=moment, corrected_at=moment, received_at=moment,
        author_id=1, author_name="测试", household_id=new_id(), outcome="seen_well",
    )  # fmt: skip


def partition_of(visit: Visit) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM visits_visit WHERE id = %s", [visit.pk])
        return cursor.fetchone()[0]


def make(first: dt.date, last: dt.date) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_make_partitions(%s, %s)", [first, last])
        return cursor.fetchone()[0]


def test_every_fact_table_is_partitioned() -> None:
    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, Fact)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT partrelid::regclass::text FROM pg_partitioned_table")
        assert tables <= {row[0] for row in cursor.fetchall()}
    assert len(tables) >= 2


def test_a_day_nobody_foresaw_moves_to_its_month_when_that_is_made() -> None:
    visit = visit_on(dt.date(2031, 5, 17))
    assert partition_of(visit) == "visits_visit_default"
    assert make(dt.date(2031, 5, 1), dt.date(2031, 5, 2)) >= 1
    assert partition_of(visit) == "visits_visit_y2031m05"
    assert make(dt.date(2031, 5, 1), dt.date(2031, 5, 31)) == 0


def test_a_day_is_found_in_one_partition() -> None:
    make(dt.date(2031, 1, 1), dt.date(2031, 6, 1))
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT * FROM visits_visit WHERE business_day = '2031-03-03'")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "visits_visit_y2031m03" in plan
    assert "y2031m04" not in plan
