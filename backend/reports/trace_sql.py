"""Which records make a cell's figure: for each indicator, the rows that `sources.py` counts. See docs/reports.md.

Every statement yields the same columns (`COLUMNS`) for the cell `%(cell)s`, with the parameters of `counting.py`.
"""

from backend.accounts.choices import Capability
from backend.reports.sources import REPLACED, SOURCES

COLUMNS = (
    "kind", "id", "region_code", "household_id", "person_id", "outcome", "temperature", "symptoms", "place",
    "observed_at", "received_at", "author_name",
)  # fmt: skip

#: What somebody must hold to see the records of a kind.
CAPABILITY_OF = {
    "visit": Capability.VISIT_VIEW,
    "check": Capability.CHECK_VIEW,
    "returnee": Capability.RETURNEE_VIEW,
    "household": Capability.HOUSEHOLD_VIEW,
    "alert": Capability.ALERT_VIEW,
}

_CELL = "{column} = %(cell)s"
_COUNTED = f"""{{t}}.business_day = %(day)s AND {{t}}.region_code = %(cell)s AND NOT {{t}}.doubtful
  AND {{t}}.received_at <= %(as_of)s
  AND NOT EXISTS (SELECT FROM {{table}} c WHERE c.replaces_id = {{t}}.id AND {REPLACED})"""
_COUNTED_VISIT = _COUNTED.format(t="v", table="visits_visit")
_COUNTED_CHECK = _COUNTED.format(t="k", table="health_dailycheck")


def _visits(condition: str) -> str:
    return f"""
SELECT 'visit', v.id, v.region_code, v.household_id, NULL::uuid, v.outcome, v.temperature_max,
       ARRAY(SELECT DISTINCT s FROM jsonb_array_elements(v.people) p, jsonb_array_elements_text(p->'symptoms') s
             ORDER BY s),
       NULL::text, v.corrected_at, v.received_at, v.author_name
FROM visits_visit v WHERE {_COUNTED_VISIT} AND {condition}"""


def _checks(condition: str) -> str:
    return f"""
SELECT 'check', k.id, k.region_code, NULL::uuid, k.person_id, NULL, k.temperature, k.symptoms::text[], NULL::text,
       k.corrected_at, k.received_at, k.author_name
FROM health_dailycheck k WHERE {_COUNTED_CHECK} AND {condition}"""


def _returnees(condition: str) -> str:
    return f"""
SELECT 'returnee', r.id, r.region_code, NULL::uuid, r.person_id, NULL, NULL::numeric, NULL::text[], NULL::text,
       r.registered_at, r.received_at, r.author_name
FROM ({SOURCES["returnees"].sql(_CELL)}) counted JOIN returnees_returnee r ON r.id = counted.id WHERE {condition}"""


def _monitored(condition: str) -> str:
    """People under monitoring, as the registration that put them there."""
    return f"""
SELECT 'returnee', m.source_id, m.region_code, NULL::uuid, m.person_id, NULL, NULL::numeric, NULL::text[], NULL::text,
       m.registered_at, m.registered_at, ''
FROM ({SOURCES["monitorings"].sql(_CELL)}) m WHERE {condition}"""


def _alerts(source: str, key: str) -> str:
    return f"""
SELECT 'alert', a.id, %(cell)s::text, a.household_id, a.person_id, NULL, NULL::numeric, NULL::text[], a.place,
       a.raised_at, a.raised_at, ''
FROM alerts_alert a WHERE a.id IN (SELECT counted.{key} FROM ({SOURCES[source].sql(_CELL)}) counted)"""


_HOUSEHOLDS = f"""
SELECT 'household', h.id, t.region_code, h.id, NULL::uuid, NULL, NULL::numeric, NULL::text[], NULL::text,
       h.created_at, h.created_at, ''
FROM ({SOURCES["tenures"].sql(_CELL)}) t JOIN residents_household h ON h.id = t.household_id"""

_REACHED = "v.outcome = ANY(%(reached)s::text[])"
_NOBODY = f"""v.outcome = 'nobody_home' AND NOT EXISTS (
    SELECT FROM visits_visit o WHERE o.household_id = v.household_id AND o.outcome = ANY(%(reached)s::text[])
      AND {_COUNTED.format(t="o", table="visits_visit")})"""

#: Indicator → the statements whose rows make it.
RECORDS: dict[str, tuple[str, ...]] = {
    "households": (_HOUSEHOLDS,),
    "reached": (_visits(_REACHED),),
    "nobody_home": (_visits(_NOBODY),),
    "coverage": (_visits(_REACHED),),
    "returnees_present": (_returnees("counted.present"),),
    "new_returnees": (_returnees("counted.fresh"),),
    "under_monitoring": (_monitored("true"),),
    "checks_due": (_monitored("m.due > 0"),),
    "checks_done": (_checks("k.reachable"),),
    "checks_missed": (_monitored("m.due > m.done"),),
    "fever": (_visits("v.fever_count > 0"), _checks("k.fever")),
    "symptoms": (_visits("v.symptom_count > 0"), _checks("k.symptomatic")),
    "alerts_raised": (_alerts("alerts_raised", "id"),),
    "alerts_closed": (_alerts("alerts_closed", "alert_id"),),
    "alerts_overdue": (_alerts("alerts_overdue", "id"),),
}


def records_sql(indicator: str) -> str:
    """One page of the records of `indicator`, the earliest first, after `(%(after_at)s, %(after_id)s)`."""
    union = "\nUNION ALL\n".join(RECORDS[indicator])
    return f"""
SELECT {", ".join(COLUMNS)} FROM ({union}) records ({", ".join(COLUMNS)})
WHERE %(after_at)s::timestamptz IS NULL OR (observed_at, id) > (%(after_at)s::timestamptz, %(after_id)s::uuid)
ORDER BY observed_at, id LIMIT %(limit)s
"""


def kinds_of(indicator: str) -> set[str]:
    """The kinds of record that `indicator` can lead to."""
    return {kind for kind in CAPABILITY_OF for sql in RECORDS[indicator] if f"SELECT '{kind}'" in sql}
