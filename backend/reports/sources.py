"""Where figures are counted: one relation per kind of record, at the cell, as it was known at a moment.

See docs/reports.md.

Every relation yields rows with `region_code` (a cell) and columns that the aggregates of `indicators.py` name. Its
parameters (`counting.py`): `day` the business day, `day_start`/`day_end` its first moment and the first of the next,
`as_of` the moment whose knowledge counts, `stock_at` the earlier of `as_of` and `day_end`, `sessions` and `deadlines`
the checks owed per person and by when, `reached` the outcomes that settle a household. `{cells:column}` becomes the
filter on cells: a prefix, or the cells touched.

What is counted is a pure function of these parameters and of rows that are never edited, so that a close that runs days
late counts exactly what it would have counted on time.
"""

import re
from dataclasses import dataclass

from django.apps import apps

_FILTER = re.compile(r"\{cells:([a-z_.]+)\}")


@dataclass(frozen=True, slots=True)
class Source:
    """A relation to count. `evidence` sources hold facts from a person: they make a cell-day reported.

    An evidence relation also yields `facts` (rows), `last_received_at` and `inputs` (xor of the hashes of the ids).
    """

    models: tuple[str, ...]
    relation: str
    evidence: bool = False

    def installed(self) -> bool:
        """Whether the tables exist in this installation."""
        try:
            return all(apps.get_model(model) is not None for model in self.models)
        except LookupError:
            return False

    def sql(self, cells: str) -> str:
        """The relation with `cells`, a condition with a `{column}` slot, as its filter."""
        return _FILTER.sub(lambda match: cells.format(column=match.group(1)), self.relation)


# A correction is looked for in the months around its day, through the index of corrections alone.
REPLACED = """c.replaces_id IS NOT NULL AND c.received_at <= %(as_of)s
    AND c.business_day BETWEEN %(day)s::date - 31 AND %(day)s::date + 31"""

_VISITS = f"""
SELECT v.region_code, uuid_hash_extended(v.household_id, 0) AS home, v.outcome = ANY(%(reached)s::text[]) AS reached,
       v.outcome = 'nobody_home' AS nobody_home, v.fever_count AS fever, v.symptom_count AS symptoms, 1 AS facts,
       v.received_at AS last_received_at, uuid_hash_extended(v.id, 0) AS inputs
FROM visits_visit v
WHERE v.business_day = %(day)s AND NOT v.doubtful AND v.received_at <= %(as_of)s AND {{cells:v.region_code}}
  AND NOT EXISTS (SELECT FROM visits_visit c WHERE c.replaces_id = v.id AND {REPLACED})
"""

_CHECKS = f"""
SELECT k.region_code, uuid_hash_extended(k.person_id, hashtextextended(k.session, 0)) AS person_session,
       k.reachable AS done, k.fever, k.symptomatic, 1 AS facts, k.received_at AS last_received_at,
       uuid_hash_extended(k.id, 0) AS inputs
FROM health_dailycheck k
WHERE k.business_day = %(day)s AND NOT k.doubtful AND k.received_at <= %(as_of)s AND {{cells:k.region_code}}
  AND NOT EXISTS (SELECT FROM health_dailycheck c WHERE c.replaces_id = k.id AND {REPLACED})
"""

# A row that continues another is a move, not a return: it is present from the day of the move.
_RETURNEES = """
SELECT r.id, r.region_code,
       r.arrived_on <= %(day)s
           AND (r.left_on IS NULL OR r.left_on > %(day)s OR r.left_received_at > %(as_of)s) AS present,
       r.registered_day = %(day)s AND r.continues_id IS NULL AS fresh,
       CASE WHEN r.registered_day = %(day)s AND r.continues_id IS NULL THEN 1 ELSE 0 END AS facts,
       r.received_at AS last_received_at, uuid_hash_extended(r.id, 0) AS inputs
FROM returnees_returnee r
WHERE r.registered_day <= %(day)s AND r.received_at <= %(as_of)s AND {cells:r.region_code}
  AND (r.registered_day = %(day)s OR r.left_on IS NULL OR r.left_on > %(day)s OR r.left_received_at > %(as_of)s)
"""

# A check is owed once per session, unless the person was registered after its deadline: nobody owes what nobody could
# know. A check made all the same counts. The same rule as the office's list (`health.selectors`), at the cell.
_MONITORINGS = f"""
SELECT m.region_code, m.person_id, m.source_id, m.registered_at, owed.due, owed.done
FROM health_monitoring m CROSS JOIN LATERAL (
  SELECT count(*) AS due, count(*) FILTER (WHERE of_session.done) AS done
  FROM (
    SELECT s.deadline, EXISTS (
      SELECT FROM health_dailycheck k
      WHERE k.person_id = m.person_id AND k.business_day = %(day)s AND k.session = s.session AND k.reachable
        AND NOT k.doubtful AND k.received_at <= %(as_of)s
        AND NOT EXISTS (SELECT FROM health_dailycheck c WHERE c.replaces_id = k.id AND {REPLACED})
    ) AS done
    FROM unnest(%(sessions)s::text[], %(deadlines)s::timestamptz[]) AS s(session, deadline)
  ) of_session
  WHERE m.registered_at <= of_session.deadline OR of_session.done
) owed
WHERE m.first_day <= %(day)s AND m.registered_at <= %(as_of)s AND {{cells:m.region_code}}
  AND CASE WHEN m.ended_at > %(as_of)s THEN m.to_day ELSE m.last_day END >= %(day)s
  AND (m.state <> 'cancelled' OR m.ended_at > %(as_of)s)
"""

_TENURES = """
SELECT t.household_id, t.region_code FROM residents_householdtenure t
WHERE t.valid_from <= %(stock_at)s AND (t.valid_to IS NULL OR t.valid_to > %(stock_at)s) AND {cells:t.region_code}
"""

# The log says where an alert was raised: it may have been handed to another cell since.
_ALERTS_RAISED = """
SELECT a.id, e.region_code FROM alerts_alert a JOIN alerts_alertevent e ON e.alert_id = a.id AND e.type = 'raised'
WHERE a.business_day = %(day)s AND a.raised_at <= %(as_of)s AND {cells:e.region_code}
"""

_ALERTS_CLOSED = """
SELECT e.region_code, e.alert_id FROM alerts_alertevent e
WHERE e.type = 'closed' AND e.at >= %(day_start)s AND e.at < %(day_end)s AND e.at <= %(as_of)s AND {cells:e.region_code}
"""

# The event log, not the row, knows how the alert stood at a past moment, and where, once it was handed over.
_OVERDUE = """
JOIN LATERAL (SELECT e.type FROM alerts_alertevent e
              WHERE e.alert_id = a.id AND e.at <= %(stock_at)s AND e.type NOT IN ('moved_out', 'moved_in')
              ORDER BY e.at DESC, e.id DESC LIMIT 1) latest ON latest.type IN ('raised', 'reopened')
WHERE a.raised_at <= %(stock_at)s AND a.due_at <= %(stock_at)s
  AND (a.closed_at IS NULL OR a.closed_at > %(stock_at)s)
"""
_ALERTS_OVERDUE = f"""
SELECT a.id, a.region_code FROM alerts_alert a {_OVERDUE} AND a.moved_at IS NULL AND {{cells:a.region_code}}
UNION ALL
SELECT a.id, place.region_code FROM alerts_alert a
JOIN LATERAL (SELECT e.region_code FROM alerts_alertevent e
              WHERE e.alert_id = a.id AND e.at <= %(stock_at)s AND e.type <> 'moved_out'
              ORDER BY e.at DESC, e.id DESC LIMIT 1) place ON true {_OVERDUE}
  AND a.moved_at IS NOT NULL AND {{cells:place.region_code}}
"""

SOURCES: dict[str, Source] = {
    "visits": Source(("visits.Visit",), _VISITS, evidence=True),
    "checks": Source(("health.DailyCheck",), _CHECKS, evidence=True),
    "returnees": Source(("returnees.Returnee",), _RETURNEES, evidence=True),
    "monitorings": Source(("health.Monitoring", "health.DailyCheck"), _MONITORINGS),
    "tenures": Source(("residents.HouseholdTenure",), _TENURES),
    "alerts_raised": Source(("alerts.Alert", "alerts.AlertEvent"), _ALERTS_RAISED),
    "alerts_closed": Source(("alerts.AlertEvent",), _ALERTS_CLOSED),
    "alerts_overdue": Source(("alerts.Alert", "alerts.AlertEvent"), _ALERTS_OVERDUE),
}
