"""The statements of the roll-up (汇总), written from the list of indicators. See docs/reports.md.

A pass works on two temporary tables: `rollup_unit`, one typed row per unit whose statement may have changed, cells
first and then level by level upward; and `rollup_scope`, in an incremental pass, the regions that were touched.
A full pass counts every cell of the province and sums children; an incremental one counts the touched cells and adds
the difference to what their ancestors say: its work follows the touched cells, not the size of the tree.
"""

from backend.regions.choices import LENGTH_OF, LEVELS_UPWARD
from backend.reports.choices import Kind
from backend.reports.indicators import stored
from backend.reports.sources import SOURCES

#: Columns that add up the tree beside the indicators.
COUNTS = ("expected", "reported", "exempted", "contributing", "facts", "visits", "checks")

WHOLE_PROVINCE = "{column} >= %(low)s AND {column} < %(high)s"
ONE_CELL = "{column} = scope.region_code"

#: Several passes may share one transaction.
CLEAR = "DROP TABLE IF EXISTS rollup_seen, rollup_scope, rollup_confirmed, rollup_unit, rollup_written"

CONFIRMED = """
CREATE TEMP TABLE rollup_confirmed ON COMMIT DROP AS
SELECT DISTINCT ON (region_code) region_code, confirm, at, author_name FROM reports_confirmation
WHERE business_day = %(day)s AND at <= %(as_of)s AND region_code >= %(low)s AND region_code < %(high)s
ORDER BY region_code, at DESC, id DESC
"""

_EXEMPT = """EXISTS (SELECT FROM reports_exemption e WHERE e.region_code = ANY(%(exempt)s::text[])
    AND r.code >= e.region_code AND r.code < e.region_code || ':')"""


def counted(*, whole_day: bool) -> tuple[str, ...]:
    """The indicators of a pass: those known only after the day are left out while it runs."""
    return tuple(i.key for i in stored() if whole_day or not i.after_day)


def leaf(*, full: bool, whole_day: bool, closed: bool) -> str:
    """`rollup_unit` with one row per cell: what was counted of each source, and what the cell says.

    Full, one `GROUP BY` over the records of each source. Touched, everything is looked up cell by cell through its
    index: left to choose, the planner reads the whole day as soon as its statistics are older than the day, which they
    are every morning.
    """
    used = counts(WHOLE_PROVINCE if full else ONE_CELL, whole_day=whole_day)
    evidence = [name for name in used if SOURCES[name].evidence]
    if full:
        base = "regions_region r"
        joins = "\n".join(
            f"LEFT JOIN ({grouped}) {name} ON {name}.region_code = r.code"
            for name, grouped in aggregates(whole_day=whole_day).items()
        )
    else:
        base = """rollup_scope scope
  CROSS JOIN LATERAL (SELECT * FROM regions_region WHERE code = scope.region_code OFFSET 0) r"""
        joins = "\n".join(f"CROSS JOIN LATERAL (SELECT {columns}) {name}" for name, columns in used.items())
    terms = {key: [] for key in counted(whole_day=whole_day)}  # type: dict[str, list[str]]
    for indicator in stored():
        if indicator.key in terms:
            terms[indicator.key] = [f"coalesce({source}.{indicator.key}, 0)" for source, _ in indicator.terms]
    figures = ", ".join(f"{' + '.join(parts)} AS {key}" for key, parts in terms.items())
    sums = {
        "facts": " + ".join(f"coalesce({name}.facts, 0)" for name in evidence),
        "visits": "coalesce(visits.facts, 0)" if "visits" in evidence else "0::bigint",
        "checks": "coalesce(checks.facts, 0)" if "checks" in evidence else "0::bigint",
        "last_received_at": f"greatest({', '.join(f'{name}.last_received_at' for name in evidence)})",
        "inputs": " # ".join(f"coalesce({name}.inputs, 0)" for name in evidence),
    }
    live = "(counted.facts > 0 OR c.confirm IS NOT NULL)"
    contributing = live if closed else f"({live} OR NOT counted.exempt)"
    return f"""
CREATE TEMP TABLE rollup_unit ON COMMIT DROP AS
WITH counted AS (
  SELECT r.code AS region_code, r.parent_code, {figures}, {", ".join(f"{sql} AS {name}" for name, sql in sums.items())},
         %(has_exempt)s AND {_EXEMPT} AS exempt,
         (r.valid_from IS NULL OR r.valid_from <= %(day)s) AND (r.valid_to IS NULL OR r.valid_to >= %(day)s) AS valid
  FROM {base} {joins}
  WHERE r.level = 'grid' AND NOT r.placeholder AND r.code >= %(low)s AND r.code < %(high)s
),
summed AS (
  SELECT counted.region_code, counted.parent_code,
         CASE WHEN {live} OR NOT counted.exempt THEN 1 ELSE 0 END AS expected,
         CASE WHEN {live} THEN 1 ELSE 0 END AS reported,
         CASE WHEN NOT {live} AND counted.exempt THEN 1 ELSE 0 END AS exempted,
         CASE WHEN {contributing} THEN 1 ELSE 0 END AS contributing,
         counted.facts, counted.visits, counted.checks,
         {", ".join(f"CASE WHEN {contributing} THEN counted.{key} ELSE 0 END AS {key}" for key in terms)},
         counted.last_received_at, counted.inputs
  FROM counted LEFT JOIN rollup_confirmed c ON c.region_code = counted.region_code
  WHERE counted.valid OR counted.facts > 0 OR c.confirm IS NOT NULL
)
{_said("grid", whole_day=whole_day, closed=closed)}
"""


def aggregates(*, whole_day: bool) -> dict[str, str]:
    """`{source: SELECT region_code, aggregates … GROUP BY region_code}` of a whole province, as a full pass counts."""
    used = counts(WHOLE_PROVINCE, whole_day=whole_day)
    return {name: f"SELECT region_code, {columns} GROUP BY region_code" for name, columns in used.items()}


def counts(cells: str, *, whole_day: bool) -> dict[str, str]:
    """`{source: aggregates … FROM records}` of every source that a pass needs; `cells` filters the records."""
    keys = counted(whole_day=whole_day)
    used: dict[str, list[str]] = {}
    for indicator in stored():
        if indicator.key in keys:
            for source, aggregate in indicator.terms:
                used.setdefault(source, []).append(f"({aggregate})::bigint AS {indicator.key}")
    for name, columns in used.items():
        if SOURCES[name].evidence:
            columns += [
                "sum(facts)::bigint AS facts",
                "max(last_received_at) FILTER (WHERE facts > 0) AS last_received_at",
                "bit_xor(inputs) AS inputs",
            ]
    return {name: f"{', '.join(columns)} FROM ({SOURCES[name].sql(cells)}) rows" for name, columns in used.items()}


def upper_full(level: str, *, whole_day: bool, closed: bool) -> str:
    """Add the units of `level` to `rollup_unit`: the sums of their children that are there already."""
    keys = (*COUNTS, *counted(whole_day=whole_day))
    return f"""
INSERT INTO rollup_unit
WITH summed AS (
  SELECT r.code AS region_code, r.parent_code, {", ".join(f"sum(u.{key})::bigint AS {key}" for key in keys)},
         max(u.last_received_at) AS last_received_at,
         bit_xor(hashtextextended(u.region_code, u.digest)) AS inputs
  FROM rollup_unit u JOIN regions_region r ON r.code = u.parent_code AND r.level = '{level}'
  GROUP BY r.code, r.parent_code
)
{_said(level, whole_day=whole_day, closed=closed)}
"""


#: What a unit said so far, looked up by its key whatever the statistics of the day say.
_STORED = """LEFT JOIN LATERAL (
    SELECT * FROM reports_dailyreport WHERE business_day = %(day)s AND region_code = {code} OFFSET 0
  ) d ON true"""


def upper_touched(level: str, *, whole_day: bool, closed: bool, closing: bool) -> str:
    """Add the units of `level` that are above a changed unit, touched themselves, or (`closing`) all that exist.

    What a unit says is what it said plus the differences of its changed children; xor takes the old child out of the
    hash and puts the new one in. The day's own tree (`parent_code` of the stored report) decides who the parent is.
    """
    keys = counted(whole_day=whole_day)
    length = LENGTH_OF[LEVELS_UPWARD[_rank(level)]]
    differences = [f"sum(u.{key} - coalesce(d.{key}, 0))::bigint AS {key}" for key in COUNTS]
    differences += [f"sum(u.{key} - coalesce((d.figures->>'{key}')::bigint, 0))::bigint AS {key}" for key in keys]
    totals = [f"coalesce(d.{key}, 0) + coalesce(m.{key}, 0) AS {key}" for key in COUNTS]
    totals += [f"coalesce((d.figures->>'{key}')::bigint, 0) + coalesce(m.{key}, 0) AS {key}" for key in keys]
    everyone = f"""UNION SELECT d.region_code FROM reports_dailyreport d WHERE d.business_day = %(day)s
         AND d.level = '{level}' AND d.region_code >= %(low)s AND d.region_code < %(high)s"""
    return f"""
INSERT INTO rollup_unit
WITH moved AS (
  SELECT coalesce(d.parent_code, u.parent_code) AS region_code, {", ".join(differences)},
         max(u.last_received_at) AS last_received_at,
         bit_xor(hashtextextended(u.region_code, u.digest)
                 # coalesce(hashtextextended(d.region_code, d.digest), 0)) AS inputs
  FROM rollup_unit u {_STORED.format(code="u.region_code")}
  WHERE length(coalesce(d.parent_code, u.parent_code)) = {length}
  GROUP BY 1
),
units AS (
  SELECT region_code FROM moved
  UNION SELECT region_code FROM rollup_scope WHERE length(region_code) = {length}
  {everyone if closing else ""}
),
summed AS (
  SELECT n.region_code, coalesce(d.parent_code, r.parent_code) AS parent_code, {", ".join(totals)},
         greatest(d.last_received_at, m.last_received_at) AS last_received_at,
         coalesce(d.inputs, 0) # coalesce(m.inputs, 0) AS inputs
  FROM units n JOIN regions_region r ON r.code = n.region_code AND NOT r.placeholder
  {_STORED.format(code="n.region_code")}
  LEFT JOIN moved m ON m.region_code = n.region_code
  WHERE d.region_code IS NOT NULL OR m.region_code IS NOT NULL
)
{_said(level, whole_day=whole_day, closed=closed)}
"""


def _rank(level: str) -> int:
    return [each.value for each in LEVELS_UPWARD].index(level)


def _said(level: str, *, whole_day: bool, closed: bool) -> str:
    """From `summed` rows to what each unit says: state, value, figures and digest.

    A zero that somebody confirmed stands only while every event is 0: a later record that contradicts it wins.
    """
    keys = counted(whole_day=whole_day)
    events = " + ".join(f"s.{i.key}" for i in stored() if i.kind is Kind.EVENT) or "0"
    pairs = ", ".join(f"'{key}', s.{key}" for key in keys)
    said = f"CASE WHEN {events} > 0 THEN 'n' ELSE 'zero' END"
    stands = f"(c.confirm = 'report' OR c.confirm = 'zero' AND {events} = 0)"
    otherwise = "'running'" if not closed else "CASE WHEN s.reported > 0 THEN 'submitted' ELSE 'missing' END"
    return f"""
SELECT t.*, hashtextextended(concat_ws('|', t.state, t.value, t.expected, t.reported, t.exempted, t.facts, t.visits,
           t.checks, {", ".join(f"t.{key}" for key in keys)}, t.confirmed_at, t.inputs), 0) AS digest
FROM (
  SELECT said.*,
         CASE WHEN said.state = 'running' THEN '' WHEN said.state IN ('submitted', 'confirmed') THEN said.would_say
              ELSE said.state END AS value
  FROM (
    SELECT s.region_code, '{level}'::text AS level, coalesce(s.parent_code, '') AS parent_code,
           {", ".join(f"s.{key}" for key in (*COUNTS, *keys))}, s.last_received_at, s.inputs,
           CASE WHEN s.contributing > 0 THEN jsonb_build_object({pairs}) ELSE '{{}}'::jsonb END AS figures,
           CASE WHEN {stands} THEN 'confirmed' WHEN s.expected = 0 AND s.exempted > 0 THEN 'exempt'
                ELSE {otherwise} END AS state,
           {said} AS would_say,
           CASE WHEN {stands} THEN c.at END AS confirmed_at,
           CASE WHEN {stands} THEN c.author_name ELSE '' END AS confirmed_by_name,
           coalesce({stands} AND c.at > %(cutoff_{level})s, false) AS late
    FROM summed s LEFT JOIN rollup_confirmed c ON c.region_code = s.region_code
  ) said
) t
"""


#: Columns that a report and its revision share, as they come from `rollup_unit`.
_SAID = (
    "state", "value", "expected", "reported", "exempted", "figures", "facts", "visits", "checks", "last_received_at",
    "inputs", "digest",
)  # fmt: skip
_REPORT_ONLY = ("level", "parent_code", "contributing", "confirmed_at", "confirmed_by_name")


def write() -> str:
    """Store what changed, and only that; note it in `rollup_written`. A closed unit that changed gets a new number."""
    columns = (*_SAID, *_REPORT_ONLY)
    late = "coalesce(d.value_at_close = 'missing' AND EXCLUDED.value IN ('n', 'zero'), false)"
    return f"""
WITH written AS (
  INSERT INTO reports_dailyreport AS d (id, region_code, business_day, {", ".join(columns)}, late, revision,
    value_at_close)
  SELECT u.region_code || to_char(%(day)s::date, '"-"YYYYMMDD'), u.region_code, %(day)s,
         {", ".join("u." + c for c in columns)}, u.late, CASE WHEN u.level = ANY(%(closed)s::text[]) THEN 1 ELSE 0 END,
         CASE WHEN u.level = ANY(%(closed)s::text[]) THEN u.value ELSE '' END
  FROM rollup_unit u ORDER BY u.region_code
  ON CONFLICT (business_day, region_code) DO UPDATE SET {", ".join(f"{c} = EXCLUDED.{c}" for c in columns)},
    late = EXCLUDED.late OR {late},
    revision = CASE WHEN EXCLUDED.revision > 0 THEN d.revision + 1 ELSE 0 END,
    value_at_close = CASE WHEN d.revision = 0 THEN EXCLUDED.value_at_close ELSE d.value_at_close END
  WHERE d.digest <> EXCLUDED.digest OR (d.revision = 0 AND EXCLUDED.revision > 0)
  RETURNING d.region_code, d.level, d.revision, d.late
)
INSERT INTO rollup_written SELECT region_code, level, revision, late FROM written
"""


WRITTEN = """
CREATE TEMP TABLE rollup_written (region_code varchar(15) COLLATE "C", level text, revision integer, late boolean)
ON COMMIT DROP
"""


def revise() -> tuple[str, str]:
    """Append a revision for each closed unit just written: the cells, then the units above with their children."""
    columns = f"id, region_code, business_day, n, late, as_of, made_at, children, {', '.join(_SAID)}"
    picked = f"""w.region_code || to_char(%(day)s::date, '"-"YYYYMMDD"-"') || w.revision, w.region_code, %(day)s,
       w.revision, w.late, %(as_of)s, %(made_at)s, {{children}}, {", ".join("u." + c for c in _SAID)}"""
    cells = f"""
INSERT INTO reports_reportrevision ({columns})
SELECT {picked.format(children="'{}'::jsonb")} FROM rollup_written w JOIN rollup_unit u USING (region_code)
WHERE w.revision > 0 AND w.level = 'grid' ORDER BY w.region_code
"""
    above = f"""
INSERT INTO reports_reportrevision ({columns})
SELECT {picked.format(children="coalesce(k.children, '{}'::jsonb)")}
FROM rollup_written w JOIN rollup_unit u USING (region_code)
LEFT JOIN LATERAL (
  SELECT jsonb_object_agg(c.region_code, c.revision) AS children FROM reports_dailyreport c
  WHERE c.business_day = %(day)s AND c.parent_code = w.region_code AND c.revision > 0
) k ON true
WHERE w.revision > 0 AND w.level <> 'grid' ORDER BY w.region_code
"""
    return cells, above


#: After a full pass: open reports of units that no longer exist on that day.
FORGET = """
DELETE FROM reports_dailyreport d
WHERE d.business_day = %(day)s AND d.region_code >= %(low)s AND d.region_code < %(high)s AND d.revision = 0
  AND NOT EXISTS (SELECT FROM rollup_unit u WHERE u.region_code = d.region_code)
"""

#: Touched cells are let go when all they announced has been counted. The tuple id is that of the version read at the
#: start: a cell touched again since has another one, and stays.
CLAIM = """
CREATE TEMP TABLE rollup_seen ON COMMIT DROP AS
SELECT ctid AS version, region_code, touched_at FROM facts_touchedcell
WHERE business_day = %(day)s AND region_code >= %(low)s AND region_code < %(high)s
"""
RELEASE = """
DELETE FROM facts_touchedcell t USING rollup_seen s
WHERE t.business_day = %(day)s AND t.region_code = s.region_code AND t.ctid = s.version AND s.touched_at <= %(as_of)s
"""
