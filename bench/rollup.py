"""Roll-up: a full count with every level written, an increment of 1 %, the close, and the page of a unit's day.

Arguments: `--cells` (default 100,000) and `--facts` per cell (default 100). `--cells 1200000 --facts 17` is a province.
"""

import argparse
import datetime as dt
import json
import logging
import resource
import statistics
import time
from typing import Any

from _harness import Line, interleaved, report, seconds_of
from _world import servers

ROUNDS = 5
DAY = dt.date(2026, 11, 20)
PROVINCE = "22"
CELLS_PER_VILLAGE, VILLAGES_PER_TOWNSHIP, TOWNSHIPS_PER_COUNTY, COUNTIES_PER_PREFECTURE = 50, 10, 10, 10
TOUCHED_SHARE = 100  # one cell in so many
PAGES = 60

# A tree whose units are numbered through, with the widths of the code. The first cell of a unit names it.
TREE = """
INSERT INTO regions_region (code, name, level, parent_code, placeholder, kind, buildings, leader_name)
SELECT left(cell, digits), left(cell, digits), level, nullif(left(cell, above), ''), false, '', '', ''
FROM (VALUES ('province', 2, 0, {cells}), ('prefecture', 4, 2, {p}), ('county', 6, 4, {c}), ('township', 9, 6, {t}),
             ('village', 12, 9, {v}), ('grid', 15, 12, 1)) unit (level, digits, above, cells)
CROSS JOIN LATERAL generate_series(0, {cells} - 1, unit.cells) n
CROSS JOIN LATERAL (SELECT '22' || lpad((n / {p} + 1)::text, 2, '0') || lpad((n / {c} % {cp} + 1)::text, 2, '0')
    || lpad((n / {t} % {tc} + 1)::text, 3, '0') || lpad((n / {v} % {vt} + 1)::text, 3, '0')
    || lpad((n % {v} + 1)::text, 3, '0') AS cell) code
"""
# The month is filled on its own and its indexes are built when it is attached. It is only read afterwards, so that it
# need not be logged: what the roll-up writes is.
MONTH = """
DROP TABLE health_dailycheck_y2026m11;
CREATE UNLOGGED TABLE health_dailycheck_y2026m11 (LIKE health_dailycheck INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
"""
ATTACH = """
ALTER TABLE health_dailycheck ATTACH PARTITION health_dailycheck_y2026m11
FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')
"""
# Records lie as they arrive: a phone uploads its cell's morning in one batch, and the evening in another. One in 500
# has a fever.
CHECKS = """
INSERT INTO health_dailycheck_y2026m11 (id, region_code, business_day, observed_at, corrected_at, received_at, doubtful,
    author_id, author_name, person_id, session, method, reachable, temperature, symptoms, fever, symptomatic,
    rule_version)
SELECT lpad(to_hex(2000 * number + 2 * n + %(evening)s), 32, '0')::uuid, code, %(day)s, %(at)s, %(at)s, %(at)s, false,
       1, '网格员', lpad(to_hex(1000 * number + n), 32, '0')::uuid, %(session)s, 'door', true, 36.5, '{}',
       (number + n) %% 500 = 0, (number + n) %% 500 = 0, 'bench'
FROM (
  SELECT code, row_number() OVER (ORDER BY code) AS number, generate_series(1, %(people)s) AS n
  FROM regions_region WHERE level = 'grid'
) each
"""
TOUCH = """
INSERT INTO facts_touchedcell SELECT %s, code, %s FROM (SELECT code, row_number() OVER (ORDER BY code) n
FROM regions_region WHERE level = 'grid') cells WHERE n %% %s = %s ON CONFLICT DO NOTHING
"""
ONE_MORE = """
INSERT INTO health_dailycheck (id, region_code, business_day, observed_at, corrected_at, received_at, doubtful,
    author_id, author_name, person_id, session, method, reachable, temperature, symptoms, fever, symptomatic,
    rule_version)
SELECT gen_random_uuid(), region_code, %(day)s, %(at)s, %(at)s, %(at)s, false, 1, '网格员', gen_random_uuid(),
       'morning', 'door', true, 36.5, '{}', false, false, 'bench' FROM facts_touchedcell
"""


class Bench:
    """A database of one day, and the ways to count it."""

    def __init__(self, cells: int, facts: int) -> None:
        from django.db import connection

        from backend.core import clock

        logging.getLogger("backend").setLevel(logging.WARNING)
        self.connection, self.clock, self.turn = connection, clock, 0
        self.evening = clock.at(DAY, dt.time(20))
        self.set_clock(self.evening)
        self.sql("SET max_parallel_workers_per_gather = 0")
        self.sql("SELECT core_make_partitions(%s, %s)", [DAY, DAY])
        township = CELLS_PER_VILLAGE * VILLAGES_PER_TOWNSHIP
        county = township * TOWNSHIPS_PER_COUNTY
        sizes = {
            "cells": cells, "v": CELLS_PER_VILLAGE, "t": township, "c": county, "p": county * COUNTIES_PER_PREFECTURE,
            "vt": VILLAGES_PER_TOWNSHIP, "tc": TOWNSHIPS_PER_COUNTY, "cp": COUNTIES_PER_PREFECTURE,
        }  # fmt: skip
        self.sql(TREE.format(**sizes))
        self.sql(MONTH)
        for evening, session in enumerate(("morning", "evening")):
            at = clock.at(DAY, dt.time(18 if evening else 9))
            people = (facts + 1 - evening) // 2
            self.sql(CHECKS, {"day": DAY, "at": at, "evening": evening, "session": session, "people": people})
        self.sql("SET maintenance_work_mem = '512MB'")
        self.sql(ATTACH)
        self.sql("VACUUM ANALYZE health_dailycheck")
        self.sql("VACUUM ANALYZE regions_region")

    def sql(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def set_clock(self, moment: dt.datetime) -> None:
        self.clock.now = lambda: moment

    def group_by(self) -> float:
        """The same aggregates at the cell, every column used, nothing written."""
        from backend.reports.counting import parameters_of
        from backend.reports.rollup_sql import aggregates

        parameters = parameters_of(province=PROVINCE, day=DAY, as_of=self.evening)
        self.sql("SET work_mem = '256MB'")
        spent = 0.0
        for statement in aggregates(whole_day=False).values():
            with self.connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM ({statement}) cells LIMIT 0", parameters)
                columns = [column.name for column in cursor.description]
            used = ", ".join(f"max({name})" for name in columns)
            spent += seconds_of(lambda sql=f"SELECT {used} FROM ({statement}) cells": self.sql(sql, parameters))
        self.sql("RESET work_mem")
        return spent

    def advance(self) -> float:
        from backend.reports.services import day_advance

        return seconds_of(lambda: day_advance(province=PROVINCE, day=DAY))

    def full(self) -> float:
        """The first count of the open day: every unit of every level written."""
        self.sql("TRUNCATE reports_dailyreport, reports_reportrevision, reports_reportday, facts_touchedcell")
        self.set_clock(self.evening)
        return self.advance()

    def increment(self) -> float:
        """One cell in a hundred got a record."""
        self.turn += 1
        now = self.evening + dt.timedelta(minutes=self.turn)
        self.set_clock(now)
        self.sql(TOUCH, [DAY, now, TOUCHED_SHARE, self.turn % TOUCHED_SHARE])
        self.sql(ONE_MORE, {"day": DAY, "at": now})
        return self.advance()

    def close(self) -> float:
        """The day from the last count to the province's close: six closings, every revision written."""
        self.set_clock(self.clock.at(DAY + dt.timedelta(days=1), dt.time(12)))
        return self.advance()

    def pages(self) -> tuple[float, float, int]:
        """Median seconds of a bare select of a unit's rows as JSON, of its page, and the page's queries."""
        from django.db.models import F
        from django.test import Client

        from backend.accounts.choices import Role
        from backend.accounts.models import Duty, User
        from backend.reports.models import DailyReport

        user = User.objects.create(username="bench", display_name="省级")
        Duty.objects.create(user=user, role=Role.PROVINCE, region_code=PROVINCE, valid_from=DAY)
        client = Client(headers={"host": "localhost"})
        client.force_login(user, backend="backend.accounts.backends.AccountBackend")
        village = DailyReport.objects.filter(level="village").values_list("region_code", flat=True)[0]
        address = f"/api/v1/reports/daily/?region={village}&day={DAY}"

        def bare() -> None:
            rows = DailyReport.objects.filter(business_day=DAY, parent_code=village).annotate(code=F("region_code"))
            json.dumps(list(rows.values("code", "level", "state", "value", "late", "reported", "expected", "figures")))

        def page() -> None:
            answer = client.get(address)
            if answer.status_code != 200:
                raise SystemExit(answer.content)

        asked: list[str] = []

        def count(execute: Any, statement: str, *rest: Any) -> Any:
            asked.append(statement)
            return execute(statement, *rest)

        page()
        with self.connection.execute_wrapper(count):
            page()
        timed = interleaved(PAGES, bare=lambda: seconds_of(bare), page=lambda: seconds_of(page))
        return timed["bare"], timed["page"], len(asked)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--facts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with servers("rollup"):
        print(f"loading {options.cells:,} cells with {options.facts} records each …", flush=True)
        began = time.perf_counter()
        bench = Bench(options.cells, options.facts)
        print(f"loaded in {time.perf_counter() - began:.0f} s", flush=True)
        times = interleaved(options.rounds, group_by=bench.group_by, full=bench.full, increment=bench.increment)
        closes = []
        for _ in range(min(options.rounds, 3)):
            bench.full()
            closes.append(bench.close())
        close = statistics.median(closes)
        bare, page, queries = bench.pages()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"close of the day, six levels with revisions: {close:.1f} s; this process {memory:.0f} MB")
        report(
            "rollup",
            [
                Line("full count, all levels, written", times["group_by"], times["full"], "s", 1.3, at_most=True),
                Line("increment, 1 % of cells", times["group_by"], times["increment"], "s", 0.1, at_most=True),
                Line("page of a unit, ms", bare * 1000, page * 1000, "ms", 3.0, at_most=True),
                Line("page of a unit, queries", 8, queries, "queries", 1.0, at_most=True),
            ],
            close_seconds=close, cells=options.cells, facts=options.cells * options.facts, memory_mb=memory,
        )  # fmt: skip


if __name__ == "__main__":
    main()
