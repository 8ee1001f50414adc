"""What the code rules look at, and what became of it."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F

from backend.health.models import CodeDecision, CodeStatus, Monitoring
from backend.health.rules import SignFact, TermFact

# Only what shows something can move a code. What a correction replaced counts no more, whatever day the correction
# itself was filed under, nor does a doubtful time.
_SIGNS = """
SELECT c.person_id, 'check', c.id, c.business_day, c.temperature, c.symptoms, c.fever, c.symptomatic
FROM health_dailycheck c
WHERE c.person_id = ANY(%(people)s) AND c.business_day >= %(since)s AND (c.fever OR c.symptomatic) AND NOT c.doubtful
  AND NOT EXISTS (SELECT FROM health_dailycheck r WHERE r.replaces_id = c.id AND r.person_id = c.person_id)
UNION ALL
SELECT f.person_id, 'visit', f.visit_id, f.business_day, f.temperature, f.symptoms, f.fever, f.symptomatic
FROM health_visitfinding f
WHERE f.person_id = ANY(%(people)s) AND f.business_day >= %(since)s AND NOT f.doubtful
  AND NOT EXISTS (SELECT FROM health_replacedvisit r WHERE r.visit_id = f.visit_id)
"""


def sign_facts(person_ids: Sequence[uuid.UUID], *, since: dt.date) -> dict[uuid.UUID, list[SignFact]]:
    """Person → checks and findings of visits from `since` on that show a fever or a symptom. One query."""
    found: dict[uuid.UUID, list[SignFact]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SIGNS, {"people": list(person_ids), "since": since})
        for person, kind, record, day, temperature, symptoms, fever, symptomatic in cursor.fetchall():
            found.setdefault(person, []).append(
                SignFact(kind, record, day, temperature, frozenset(symptoms), fever, symptomatic)
            )
    return found


def term_facts(person_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[TermFact]]:
    """Person → monitoring terms. One query."""
    found: dict[uuid.UUID, list[TermFact]] = {}
    rows = Monitoring.objects.filter(person_id__in=person_ids).values_list(
        "person_id", "id", "from_day", "to_day", "last_day", "state", "rule_version", "clause"
    )
    for person, term, first, to_day, last, state, version, clause in rows:
        found.setdefault(person, []).append(TermFact(term, first, to_day, last, state, version, clause))
    return found


def people_with_codes(*, after: uuid.UUID | None, limit: int) -> list[uuid.UUID]:
    """The next `limit` people that have a code, in order of id."""
    rows = CodeStatus.objects.order_by("person_id")
    if after is not None:
        rows = rows.filter(person_id__gt=after)
    return list(rows.values_list("person_id", flat=True)[:limit])


def people_whose_codes_lag() -> list[uuid.UUID]:
    """People whose code is still in the cell they moved away from."""
    rows = CodeStatus.objects.exclude(region_code=F("person__region_code"))
    return list(rows.order_by("person_id").values_list("person_id", flat=True))


@dataclass(frozen=True)
class CodeView:
    """A person's code with its history, the latest decision first."""

    status: CodeStatus
    history: list[CodeDecision]


def code_of(user: Any, person_id: uuid.UUID, *, capability: str, limit: int = 100) -> CodeView | None:
    """The code of `person_id` (or of whom that alias means), if `user` holds `capability` where the person is now.

    None when there is no such person, no code, or no right to see it: the three look the same. Two queries.
    """
    visible = CodeStatus.objects.visible_to(user, capability)
    status = visible.filter(person_id=person_id).first() or visible.filter(person__aliases=person_id).first()
    if status is None:
        return None
    history = CodeDecision.objects.filter(person_id=status.person_id).order_by("-decided_at", "-id")[:limit]
    return CodeView(status, list(history))
