"""Raising alerts: findings judged by the rules in force, one statement for a whole batch."""

import datetime as dt
import json
from collections.abc import Iterable

from django.db import connection, transaction

from backend.accounts.models import User
from backend.alerts.choices import EventType, State
from backend.alerts.models import Alert
from backend.alerts.rules import Finding, Thresholds, judge
from backend.alerts.selectors import thresholds_for
from backend.alerts.services.log import events_add
from backend.core import clock
from backend.core.ids import new_id

# One statement for a whole batch. Evidence seen before is skipped whether its alert is still open or was closed; other
# evidence of a concern that is still open joins that alert; the rest are new alerts.
_RAISE = """
INSERT INTO alerts_alert (id, rule, severity, state, region_code, concern, occasions, title, place, household_id,
    person_id, business_day, raised_at, due_at, acknowledged_by_name, closed_by_name, close_reason, why, rule_version,
    clause)
SELECT g.id, g.rule, g.severity, 'open', g.region_code, g.concern, g.occasions, g.title, g.place, g.household_id,
    g.person_id, g.business_day, g.raised_at, g.due_at, '', '', '', g.why, g.rule_version, g.clause
FROM jsonb_to_recordset(%s::jsonb) AS g(id uuid, rule text, severity text, region_code text, concern text,
    occasions varchar[], title text, place text, household_id uuid, person_id uuid, business_day date,
    raised_at timestamptz, due_at timestamptz, why text, rule_version text, clause text)
WHERE NOT EXISTS (
    SELECT 1 FROM alerts_alert a WHERE a.concern = g.concern AND a.occasions @> g.occasions)
ORDER BY g.concern
ON CONFLICT (concern) WHERE NOT (state = 'closed') DO UPDATE SET occasions = ARRAY(
    SELECT DISTINCT unnest(alerts_alert.occasions || EXCLUDED.occasions))
RETURNING id
"""


def alerts_evaluate(*, findings: Iterable[Finding], author: User | None = None) -> list[Alert]:
    """Judge `findings` by the rules in force and raise what is new; returns the alerts raised.

    Runs in the caller's transaction: the alert commits with the fact. Nothing to say costs no query; a batch with
    concerns costs two statements whatever its size.
    """
    thresholds: dict[tuple[str, dt.date], Thresholds] = {}
    drafts: dict[str, Alert] = {}
    now = clock.now()
    for finding in findings:
        place = (finding.region_code, finding.business_day)
        if place not in thresholds:
            thresholds[place] = thresholds_for(region_code=finding.region_code, on=finding.business_day)
        concern = judge(finding, thresholds[place])
        if concern is None:
            continue
        if (known := drafts.get(concern.key)) is not None:
            known.occasions.append(concern.occasion)
            continue
        hours = thresholds[place].acknowledge_hours.get(concern.severity)
        drafts[concern.key] = Alert(
            id=new_id(),
            rule=concern.rule.value,
            severity=concern.severity.value,
            state=State.OPEN.value,
            region_code=finding.region_code,
            concern=concern.key,
            occasions=[concern.occasion],
            title=concern.title,
            place=finding.place[:160],
            household_id=finding.household_id,
            person_id=finding.person_id,
            business_day=finding.business_day,
            raised_at=now,
            due_at=now + dt.timedelta(hours=hours) if hours else None,
            why=concern.why,
            rule_version=concern.basis.version,
            clause=concern.basis.clause,
        )
    if not drafts:
        return []
    with transaction.atomic(savepoint=False):
        raised = _insert(list(drafts.values()))
        if raised:
            events_add(alerts=raised, kind=EventType.RAISED, at=now, actor=author)
    return raised


def _insert(drafts: list[Alert]) -> list[Alert]:
    rows = [
        {
            "id": str(alert.id),
            "rule": alert.rule,
            "severity": alert.severity,
            "region_code": alert.region_code,
            "concern": alert.concern,
            "occasions": alert.occasions,
            "title": alert.title,
            "place": alert.place,
            "household_id": str(alert.household_id) if alert.household_id else None,
            "person_id": str(alert.person_id) if alert.person_id else None,
            "business_day": alert.business_day.isoformat(),
            "raised_at": alert.raised_at.isoformat(),
            "due_at": alert.due_at.isoformat() if alert.due_at else None,
            "why": alert.why,
            "rule_version": alert.rule_version,
            "clause": alert.clause,
        }
        for alert in drafts
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [json.dumps(rows)])
        written = {row[0] for row in cursor.fetchall()}
    return [alert for alert in drafts if alert.id in written]
