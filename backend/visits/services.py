"""The only writer of visits. See docs/facts.md."""

import base64
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

import msgspec

from backend.alerts.rules import Finding
from backend.alerts.services import alerts_evaluate
from backend.core import keyring
from backend.core.sql import execute
from backend.facts.services import cells_touch
from backend.health.services import FindingRow, findings_record
from backend.policies.selectors import value_of
from backend.residents.selectors import PersonRef, people_by_id
from backend.visits.rules import PersonSeen, judge
from backend.visits.selectors import households_unseen


class Upload(msgspec.Struct, frozen=True):
    """What the visits of one upload share."""

    received_at: dt.datetime
    author_id: int
    author_name: str
    device_id: uuid.UUID | None


class VisitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A validated visit, placed in time and in its cell. `place` is the door in words; `note` is plain until sealed."""

    id: uuid.UUID
    region_code: str
    place: str
    business_day: dt.date
    observed_at: dt.datetime
    corrected_at: dt.datetime
    doubtful: bool
    household_id: uuid.UUID
    outcome: str
    people: tuple[PersonSeen, ...]
    needs: tuple[str, ...]
    note: str | None
    upload: Upload
    replaces_id: uuid.UUID | None = None


class _Record(msgspec.Struct, omit_defaults=True):
    """A visit as it travels to `_INSERT`."""

    id: uuid.UUID
    region_code: str
    business_day: dt.date
    observed_at: dt.datetime
    corrected_at: dt.datetime
    household_id: uuid.UUID
    outcome: str
    rule_version: str
    doubtful: bool = False
    needs: tuple[str, ...] = ()
    replaces_id: uuid.UUID | None = None
    people: list[dict[str, object]] = []
    temperature_max: Decimal | None = None
    fever_count: int = 0
    symptom_count: int = 0
    note: str | None = None


# One statement for the visits of an upload. What they share is sent once; what an "all well" leaves empty is not sent.
_INSERT = """
INSERT INTO visits_visit (id, region_code, business_day, observed_at, corrected_at, received_at, doubtful, author_id,
    author_name, device_id, replaces_id, household_id, outcome, people, temperature_max, fever_count, symptom_count,
    needs, note_sealed, rule_version)
SELECT id, region_code, business_day, observed_at, corrected_at, %(received_at)s, coalesce(doubtful, false),
    %(author_id)s, %(author_name)s, %(device_id)s, replaces_id, household_id, outcome, coalesce(people, '[]'),
    temperature_max, coalesce(fever_count, 0), coalesce(symptom_count, 0), coalesce(needs, '{}'),
    decode(note, 'base64'), rule_version
FROM jsonb_to_recordset(%(visits)s::jsonb) AS v(id uuid, region_code text, business_day date, observed_at timestamptz,
    corrected_at timestamptz, doubtful boolean, replaces_id uuid, household_id uuid, outcome text, people jsonb,
    temperature_max numeric, fever_count smallint, symptom_count smallint, needs text[], note text, rule_version text)
"""


def visits_record(*, rows: Sequence[VisitRow]) -> None:
    """`visits_store`, and the alerts that follow from it."""
    if findings := visits_store(rows=rows):
        alerts_evaluate(findings=findings)


def visits_store(*, rows: Sequence[VisitRow]) -> list[Finding]:
    """Store visits whose ids the caller has just claimed, in the caller's transaction: one insert for each upload.

    Judges fever and symptoms by the rule in force at place and day, gives health what was seen of people on record, so
    that their codes follow, and marks the cells touched. Returns what the caller must hand to `alerts_evaluate`, last
    of all it writes: whoever raises the same concern waits there until the commit.
    """
    if not rows:
        return []
    people = people_by_id({person for row in rows if row.people for seen in row.people if (person := _named(seen))})
    rules: dict[tuple[str, dt.date], tuple[Decimal, frozenset[str], str]] = {}
    findings: list[Finding] = []
    shown: list[FindingRow] = []
    for upload, brought in groupby(rows, attrgetter("upload")):
        records = []
        for row in brought:
            key = (row.region_code, row.business_day)
            if key not in rules:
                rules[key] = _rule_of(*key)
            threshold, watched, version = rules[key]
            record = _Record(
                row.id, row.region_code, row.business_day, row.observed_at, row.corrected_at, row.household_id,
                row.outcome, version, row.doubtful, row.needs, row.replaces_id,
            )  # fmt: skip
            records.append(record)
            if row.note:
                record.note = base64.b64encode(keyring.seal(row.note, row=row.id, column="visit.note")).decode()
            if row.people:
                judged = judge(row.people, threshold=threshold, watched=watched)
                record.people = [_person_seen(seen) for seen in row.people]
                record.temperature_max = judged.temperature_max
                record.fever_count, record.symptom_count = judged.fever_count, judged.symptom_count
                shown.extend(_shown(row, people))
                if judged.fever_count or judged.symptom_count:
                    findings.extend(_findings(row, people))
        execute(
            _INSERT,
            {
                "received_at": upload.received_at, "author_id": upload.author_id, "author_name": upload.author_name,
                "device_id": upload.device_id, "visits": msgspec.json.encode(records).decode(),
            },
        )  # fmt: skip
    findings_record(rows=shown, replaced={row.replaces_id: row.id for row in rows if row.replaces_id})
    cells_touch(touched=[(day, region_code) for region_code, day in rules])
    return findings


def households_unseen_evaluate(*, day: dt.date) -> int:
    """Raise an alert for each occupied household nobody has met for the days the policy sets. Returns how many are due.

    Duty A1: no household without contact. The same household is one alert however often this runs.
    """
    findings = households_unseen(day=day)
    if findings:
        alerts_evaluate(findings=findings)
    return len(findings)


def _rule_of(region_code: str, day: dt.date) -> tuple[Decimal, frozenset[str], str]:
    threshold = value_of("fever_threshold", region_code=region_code, on=day)
    watched = value_of("symptoms.door", region_code=region_code, on=day)
    return Decimal(str(threshold.value)), frozenset(watched.value), threshold.version


def _person_seen(seen: PersonSeen) -> dict[str, object]:
    return {
        "person": seen.person, "temperature": None if seen.temperature is None else float(seen.temperature),
        "symptoms": seen.symptoms,
    }  # fmt: skip


def _named(seen: PersonSeen) -> uuid.UUID | None:
    return uuid.UUID(seen.person) if seen.person else None


def _person(seen: PersonSeen, people: Mapping[uuid.UUID, PersonRef]) -> uuid.UUID | None:
    """The person on record whom the entry names, where a phone knows him under an id of its own; None for nobody."""
    ref = people.get(named) if (named := _named(seen)) else None
    return ref.id if ref else None


def _shown(row: VisitRow, people: Mapping[uuid.UUID, PersonRef]) -> list[FindingRow]:
    """What the visit noted of each person on record."""
    return [
        FindingRow(
            visit_id=row.id, person_id=person, region_code=row.region_code, business_day=row.business_day,
            doubtful=row.doubtful, temperature=seen.temperature, symptoms=seen.symptoms,
        )
        for seen in row.people
        if (person := _person(seen, people)) is not None
    ]  # fmt: skip


def _findings(row: VisitRow, people: Mapping[uuid.UUID, PersonRef]) -> list[Finding]:
    """One finding per named person, and one for the household's unnamed people together."""
    groups: dict[uuid.UUID | None, list[PersonSeen]] = {}
    for seen in row.people:
        groups.setdefault(_person(seen, people), []).append(seen)
    return [
        Finding(
            kind="visit", region_code=row.region_code, place=row.place, household_id=row.household_id,
            person_id=person, business_day=row.business_day, observed_at=row.corrected_at,
            temperature=max((s.temperature for s in group if s.temperature is not None), default=None),
            symptoms=tuple(dict.fromkeys(symptom for seen in group for symptom in seen.symptoms)),
            days_unseen=None, session=None, source_id=row.id,
        )
        for person, group in groups.items()
    ]  # fmt: skip
