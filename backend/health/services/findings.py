"""Writing what visits showed of people they name (走访发现): evidence for the code rules. Duty A7.

See docs/health-code.md, "What a visit shows".
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection, transaction

from backend.health.choices import Trigger
from backend.health.services.codes import codes_evaluate
from backend.health.services.judging import Judge


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What a visit noted of one named person on record; never of an alias."""

    visit_id: uuid.UUID
    person_id: uuid.UUID
    region_code: str
    business_day: dt.date
    doubtful: bool
    temperature: Decimal | None
    symptoms: tuple[str, ...]


_INSERT = """
INSERT INTO health_visitfinding (person_id, visit_id, region_code, business_day, doubtful, temperature, symptoms, fever,
    symptomatic, rule_version)
SELECT person_id, visit_id, region_code, business_day, doubtful, temperature, coalesce(symptoms, '{}'), fever,
    symptomatic, rule_version
FROM jsonb_to_recordset(%s::jsonb) AS f(person_id uuid, visit_id uuid, region_code text, business_day date,
    doubtful boolean, temperature numeric, symptoms text[], fever boolean, symptomatic boolean, rule_version text)
ON CONFLICT (person_id, visit_id) DO NOTHING
"""
_REPLACE = """
INSERT INTO health_replacedvisit (visit_id, by_id)
SELECT v, b FROM unnest(%s::uuid[], %s::uuid[]) AS t(v, b) ORDER BY v
ON CONFLICT (visit_id) DO NOTHING
"""
_SHOWN_BY = "SELECT DISTINCT person_id FROM health_visitfinding WHERE visit_id = ANY(%s)"


@transaction.atomic(savepoint=False)
def findings_record(*, rows: Sequence[FindingRow], replaced: Mapping[uuid.UUID, uuid.UUID]) -> None:
    """Note what visits showed, and which visits a correction replaced (visit → correction).

    Runs in the caller's transaction. Rows that show neither a fever nor a symptom leave no trace; the codes of the
    people concerned are derived anew. Idempotent, and whichever of a visit and its correction arrives first, the
    outcome is the same. A constant number of queries, none when there is nothing to note.
    """
    shown = _judged(_one_each(rows))
    if not shown and not replaced:
        return
    concerned = {record["person_id"] for record in shown}
    with connection.cursor() as cursor:
        if shown:
            cursor.execute(_INSERT, [msgspec.json.encode(shown).decode()])
        if replaced:
            cursor.execute(_REPLACE, [list(replaced), list(replaced.values())])
            cursor.execute(_SHOWN_BY, [list(replaced)])
            concerned |= {row[0] for row in cursor.fetchall()}
    codes_evaluate(person_ids=concerned, trigger=Trigger.VISIT)


def _one_each(rows: Iterable[FindingRow]) -> list[FindingRow]:
    """One row for a person and visit: a phone may name somebody twice, once under an id of its own."""
    merged: dict[tuple[uuid.UUID, uuid.UUID], FindingRow] = {}
    for row in rows:
        before = merged.setdefault((row.person_id, row.visit_id), row)
        if before is not row:
            merged[row.person_id, row.visit_id] = replace(
                before,
                temperature=max((t for t in (before.temperature, row.temperature) if t is not None), default=None),
                symptoms=tuple(dict.fromkeys(before.symptoms + row.symptoms)),
            )
    return list(merged.values())


def _judged(rows: Iterable[FindingRow]) -> list[dict[str, Any]]:
    """The rows that show something, as they are stored."""
    judge = Judge()
    records = []
    for row in rows:
        judged, version = judge(
            region_code=row.region_code, on=row.business_day, temperature=row.temperature, symptoms=row.symptoms
        )
        if judged.fever or judged.symptomatic:
            verdict = {"fever": judged.fever, "symptomatic": judged.symptomatic, "rule_version": version}
            records.append({**asdict(row), **verdict})
    return records
