"""Reads over visits."""

import datetime as dt

from django.db import connection

from backend.alerts.rules import Finding
from backend.core import clock
from backend.policies.selectors import value_of
from backend.residents.rules import place_text
from backend.visits.choices import SEEN

# Households of cells in which somebody works (a visit within the window), occupied, and met by nobody for `days`.
_UNSEEN = """
SELECT h.id, h.region_code, h.address, h.building, h.unit, h.door, coalesce(seen.day, since.day)
FROM residents_household h
CROSS JOIN LATERAL (SELECT (h.created_at AT TIME ZONE 'Asia/Shanghai')::date AS day) since
LEFT JOIN LATERAL (
    SELECT max(v.business_day) AS day FROM visits_visit v
    WHERE v.household_id = h.id AND v.outcome = ANY(%(seen)s) AND NOT v.doubtful AND v.business_day <= %(day)s
) seen ON true
WHERE h.closed_at IS NULL AND h.occupancy IN ('occupied', 'rented')
  AND coalesce(seen.day, since.day) <= %(day)s - %(days)s::int
ORDER BY h.region_code, h.id
"""


def households_unseen(*, day: dt.date) -> list[Finding]:
    """A finding for each occupied household that nobody has met for `household.unseen.days`, as of `day`. One query."""
    days = int(value_of("household.unseen.days", region_code="", on=day).value)
    with connection.cursor() as cursor:
        cursor.execute(_UNSEEN, {"seen": [o.value for o in SEEN], "day": day, "days": days})
        rows = cursor.fetchall()
    return [
        Finding(
            kind="household_unseen", region_code=region,
            place=place_text(address, building, unit, door),
            household_id=household, person_id=None, business_day=day, observed_at=clock.now(), temperature=None,
            symptoms=(), days_unseen=(day - last).days, session=None, source_id=household,
        )
        for household, region, address, building, unit, door, last in rows
    ]  # fmt: skip
