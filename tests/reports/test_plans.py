"""The plans behind the figures: a region is a range of the index; touched cells cost what they are, not the tree."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection

from backend.core.ids import new_id
from backend.core.scope import Scope
from backend.regions.choices import LEVELS_UPWARD
from backend.regions.models import Region
from backend.reports import rollup_sql
from backend.reports.counting import parameters_of
from backend.reports.models import DailyReport
from backend.reports.sources import SOURCES
from backend.visits.models import Visit
from tests.reports.conftest import DAY, PROVINCE, World, moment

CELLS = 3000


@pytest.fixture
def crowded(world: World) -> World:
    """Enough rows that a plan is worth something: a second township with many cells, each visited."""
    rows = [
        Region(code=f"{village}{number}", name="格", level="grid", parent_code=village)
        for village in ("220522901901", "220522901902", "220522901903", "220522901904")
        for number in range(100, 100 + CELLS // 4)
    ]
    Region.objects.bulk_create(rows)
    noon = moment(0, "12:00")
    Visit.objects.bulk_create(
        Visit(
            id=new_id(), region_code=row.code, business_day=DAY, observed_at=noon, corrected_at=noon, received_at=noon,
            author_id=1, author_name="x", household_id=new_id(), outcome="seen_well",
        )
        for row in rows
        for _ in range(3)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE visits_visit; ANALYZE regions_region")
    return world


def plan_of(sql: str, parameters: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", parameters)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_a_prefix_is_a_range_of_the_index(crowded: World) -> None:
    query, parameters = Region.objects.within(Scope.of(["220521901"])).query.sql_with_params()
    plan = plan_of(query, parameters)
    assert re.search(r"Index.* Scan .*regions_region", plan), plan
    assert re.search(r"Index Cond: .*>= '220521901'.*< '220521901:'", plan), plan


def test_counting_touched_cells_reads_them_through_the_index(crowded: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE rollup_scope ON COMMIT DROP AS SELECT %s::varchar AS region_code", ["220522901901101"]
        )
    parameters = parameters_of(province=PROVINCE, day=DAY, as_of=moment(0, "13:00"))
    counts = rollup_sql.counts(rollup_sql.ONE_CELL, whole_day=True)["visits"]
    plan = plan_of(f"SELECT c.* FROM rollup_scope scope CROSS JOIN LATERAL (SELECT {counts}) c", parameters)
    assert not re.search(r"Seq Scan on visits_visit\w* v", plan), plan
    assert re.search(r"Index.* Scan using \w*region_code_business_day\w* on visits_visit_y2026m11 v", plan), plan
    assert set(re.findall(r"visits_visit_y\d{4}m\d{2}", plan)) <= {f"visits_visit_y2026m{m}" for m in (10, 11, 12)}


def test_what_was_said_so_far_is_looked_up_by_its_key(crowded: World) -> None:
    """Nobody has analysed a day that has just begun: the planner takes it for empty and would read it whole."""
    crowded.at(0, "13:00").advance()
    plans: list[str] = []

    def explained(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("CREATE TEMP TABLE rollup_unit", "INSERT INTO rollup_unit")):
            plans.append(plan_of(sql, parameters))
        return execute(sql, parameters, many, context)

    crowded.visit("220522901901101")
    with connection.execute_wrapper(explained):
        crowded.advance()
    assert len(plans) == len(LEVELS_UPWARD)
    scans = list(re.finditer(r"Scan.* on (?:reports_dailyreport|regions_region).*\n(.*)", "\n".join(plans)))
    assert len(scans) > len(LEVELS_UPWARD)
    for scan in scans:
        assert re.search(r"Index Cond: .*\b(region_code|code)\b", scan.group(1)), scan.group(0)


def test_only_the_month_of_the_day_is_read(crowded: World) -> None:
    parameters = parameters_of(province=PROVINCE, day=DAY, as_of=moment(0, "13:00"))
    plan = plan_of(SOURCES["visits"].sql(rollup_sql.WHOLE_PROVINCE), parameters)
    months = set(re.findall(r"visits_visit_y\d{4}m\d{2} v", plan))
    assert months == {"visits_visit_y2026m11 v"}, plan


def test_children_of_a_day_are_found_through_the_index(crowded: World) -> None:
    crowded.at(0, "13:00").touch("220522901901101", DAY)
    Region.objects.create(code="220522", name="县", level="county", parent_code="2205")
    Region.objects.create(code="220522901", name="镇", level="township", parent_code="220522")
    Region.objects.bulk_create(
        Region(code=f"220522901{n}", name="村", level="village", parent_code="220522901") for n in range(901, 905)
    )
    crowded.advance()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reports_dailyreport")
    children = DailyReport.objects.filter(business_day=DAY, parent_code="220521901901")
    query, parameters = children.query.sql_with_params()
    plan = plan_of(query, parameters)
    assert "Seq Scan" not in plan, plan
    assert crowded.report(PROVINCE).figures["reached"] == CELLS * 3
    assert crowded.report(PROVINCE).business_day == dt.date(2026, 11, 20)
