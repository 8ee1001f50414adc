"""Writing daily checks, and noticing the ones nobody made. Duty A10. See docs/health-code.md, "Checks"."""

import base64
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from django.db import connection, transaction

from backend.alerts.rules import Finding
from backend.alerts.services import alerts_evaluate
from backend.core import clock, keyring
from backend.facts.services import cells_touch
from backend.health.choices import Trigger
from backend.health.rules import Judged
from backend.health.selectors import checks_missed
from backend.health.services.codes import codes_evaluate
from backend.health.services.judging import Judge
from backend.health.services.missed import missed_answer
from backend.residents.selectors import PersonRef, people_by_id

#: Findings per transaction of the sweep: a writing transaction must not hold the phones' pull back for long.
MISSED_CHUNK = 500


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A validated check, placed in time and in the person's cell. `person_id` may be an alias; `note` is plain."""

    id: uuid.UUID
    region_code: str
    business_day: dt.date
    observed_at: dt.datetime
    corrected_at: dt.datetime
    received_at: dt.datetime
    doubtful: bool
    author_id: int
    author_name: str
    device_id: uuid.UUID | None
    person_id: uuid.UUID
    session: str
    method: str
    reachable: bool
    temperature: Decimal | None
    symptoms: tuple[str, ...]
    note: str | None
    replaces_id: uuid.UUID | None = None


# One statement for any number of checks; the JSON document carries the columns that no array type fits.
_INSERT = """
INSERT INTO health_dailycheck (id, region_code, business_day, observed_at, corrected_at, received_at, doubtful,
    author_id, author_name, device_id, replaces_id, person_id, session, method, reachable, temperature, symptoms,
    fever, symptomatic, note_sealed, rule_version)
SELECT id, region_code, business_day, observed_at, corrected_at, received_at, doubtful,
    author_id, author_name, device_id, replaces_id, person_id, session, method, reachable, temperature,
    coalesce(symptoms, '{}'), fever, symptomatic, decode(note, 'base64'), rule_version
FROM jsonb_to_recordset(%s::jsonb) AS c(id uuid, region_code text, business_day date, observed_at timestamptz,
    corrected_at timestamptz, received_at timestamptz, doubtful boolean, author_id bigint, author_name text,
    device_id uuid, replaces_id uuid, person_id uuid, session text, method text, reachable boolean,
    temperature numeric, symptoms text[], fever boolean, symptomatic boolean, note text, rule_version text)
"""


@transaction.atomic(savepoint=False)
def checks_record(*, rows: Sequence[CheckRow]) -> None:
    """`checks_store`, and the alerts that follow from it."""
    if findings := checks_store(rows=rows):
        alerts_evaluate(findings=findings)


@transaction.atomic(savepoint=False)
def checks_store(*, rows: Sequence[CheckRow]) -> list[Finding]:
    """Store checks whose ids the caller has just claimed, in the caller's transaction: one insert for all.

    The caller has judged scope and that the people are under monitoring. Judges fever and symptoms by the rule in force
    at place and day, marks the cells touched and derives the codes anew. A constant number of queries. Returns what the
    caller must hand to `alerts_evaluate`, last of all it writes: whoever raises the same concern waits there until the
    commit.
    """
    if not rows:
        return []
    people = people_by_id({row.person_id for row in rows})
    judged = _judge(rows)
    records = [_record(row, people, *judged[row.id]) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [msgspec.json.encode(records).decode()])
    cells_touch(touched=((row.business_day, row.region_code) for row in rows))
    missed_answer(
        made=[(_person(r, people), r.business_day, r.session) for r in rows if r.reachable and not r.doubtful]
    )
    codes_evaluate(person_ids={_person(row, people) for row in rows}, trigger=Trigger.CHECK)
    return [_finding(row, people) for row in rows if judged[row.id][0].fever or judged[row.id][0].symptomatic]


def checks_missed_evaluate(*, day: dt.date) -> int:
    """Raise an alert for each person whose check of `day` was not made by its deadline. Returns how many checks.

    The same person is one alert while it is open, and a session whose alert was closed rings no more, however often
    this runs. The tick calls it for the running day and for the day before.
    """
    now = clock.now()
    missed = checks_missed(day=day, now=now)
    findings = [
        Finding(
            kind="check_missed", region_code=row.region_code, place=row.place, household_id=row.household_id,
            person_id=row.person_id, business_day=day, observed_at=now, temperature=None, symptoms=(),
            days_unseen=None, session=row.session, source_id=row.person_id,
        )
        for row in missed
    ]  # fmt: skip
    for start in range(0, len(findings), MISSED_CHUNK):
        with transaction.atomic():
            alerts_evaluate(findings=findings[start : start + MISSED_CHUNK])
    return len(findings)


def _judge(rows: Sequence[CheckRow]) -> dict[uuid.UUID, tuple[Judged, str]]:
    """Row id → what the check shows, and the version of the rule that says so."""
    judge = Judge()
    return {
        row.id: judge(
            region_code=row.region_code, on=row.business_day, temperature=row.temperature, symptoms=row.symptoms
        )
        for row in rows
    }


def _person(row: CheckRow, people: Mapping[uuid.UUID, PersonRef]) -> uuid.UUID:
    """The person on record, where the phone knows him under an id of its own."""
    return people[row.person_id].id if row.person_id in people else row.person_id


def _record(row: CheckRow, people: Mapping[uuid.UUID, PersonRef], judged: Judged, version: str) -> dict[str, object]:
    note = None
    if row.note:
        note = base64.b64encode(keyring.seal(row.note, row=row.id, column="check.note")).decode()
    return {
        "id": row.id, "region_code": row.region_code, "business_day": row.business_day,
        "observed_at": row.observed_at, "corrected_at": row.corrected_at, "received_at": row.received_at,
        "doubtful": row.doubtful, "author_id": row.author_id, "author_name": row.author_name,
        "device_id": row.device_id, "replaces_id": row.replaces_id, "person_id": _person(row, people),
        "session": row.session, "method": row.method, "reachable": row.reachable, "temperature": row.temperature,
        "symptoms": row.symptoms, "fever": judged.fever, "symptomatic": judged.symptomatic, "note": note,
        "rule_version": version,
    }  # fmt: skip


def _finding(row: CheckRow, people: Mapping[uuid.UUID, PersonRef]) -> Finding:
    ref = people.get(row.person_id)
    return Finding(
        kind="check", region_code=row.region_code, place=ref.place if ref else "",
        household_id=ref.household_id if ref else None, person_id=_person(row, people),
        business_day=row.business_day, observed_at=row.corrected_at, temperature=row.temperature,
        symptoms=row.symptoms, days_unseen=None, session=row.session, source_id=row.id,
    )  # fmt: skip
