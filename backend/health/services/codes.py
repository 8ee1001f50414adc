"""Deriving health-code statuses (健康码研判). Duty A7. The one place that writes a colour, and it takes none."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable

from django.db import transaction

from backend.core import clock
from backend.core.ids import new_id
from backend.core.models import Tombstone
from backend.health.choices import Trigger
from backend.health.models import CodeDecision, CodeStatus
from backend.health.rules import Decision, SymptomTerm, decide
from backend.health.selectors import people_whose_codes_lag, people_with_codes, sign_facts, term_facts
from backend.policies.selectors import value_of
from backend.residents.services import people_lock

#: People per transaction of the sweep: a writing transaction must not hold the phones' pull back for long.
SWEEP_CHUNK = 1000


@transaction.atomic(savepoint=False)
def codes_evaluate(*, person_ids: Iterable[uuid.UUID], trigger: Trigger, day: dt.date | None = None) -> int:
    """Derive the codes of these people as of `day` (the running business day) from their facts.

    Where the outcome differs from the last one a `CodeDecision` is added and the status updated; otherwise nothing is
    written. Returns how many changed. A constant number of queries; unknown ids are ignored.
    """
    ids = sorted(set(person_ids))
    if not ids:
        return 0
    day = day or clock.today()
    # Evaluations of one person queue up here, so that the later one sees the facts of the earlier.
    cell_of = people_lock(person_ids=ids)
    terms_by_cell = {cell: _symptom_term(cell, day) for cell in set(cell_of.values())}
    longest = max((term.days for term in terms_by_cell.values()), default=1)
    signs = sign_facts(ids, since=day - dt.timedelta(days=longest))
    terms = term_facts(ids)
    known = {status.person_id: status for status in CodeStatus.objects.filter(person_id__in=ids)}
    decisions = {
        person: decide(
            day=day, signs=signs.get(person, ()), terms=terms.get(person, ()), symptom_term=terms_by_cell[cell]
        )
        for person, cell in cell_of.items()
    }
    _follow_cells(known.values(), cell_of)
    changed = [person for person, decision in decisions.items() if not _same(known.get(person), decision)]
    _write(people=changed, decisions=decisions, known=known, cell_of=cell_of, day=day, trigger=trigger)
    return len(changed)


def codes_sweep(*, day: dt.date) -> int:
    """Derive every code anew as of `day`: terms run out and symptoms age without any new fact.

    Idempotent; commits chunk by chunk. Returns how many changed.
    """
    changed = 0
    last: uuid.UUID | None = None
    while ids := people_with_codes(after=last, limit=SWEEP_CHUNK):
        changed += codes_evaluate(person_ids=ids, trigger=Trigger.SWEEP, day=day)
        last = ids[-1]
    return changed


def codes_follow() -> int:
    """Bring the codes of people who moved to another cell after them. Returns how many."""
    moved = people_whose_codes_lag()
    for start in range(0, len(moved), SWEEP_CHUNK):
        codes_evaluate(person_ids=moved[start : start + SWEEP_CHUNK], trigger=Trigger.SWEEP)
    return len(moved)


def _symptom_term(cell: str, day: dt.date) -> SymptomTerm:
    rule = value_of("code.symptom.days", region_code=cell, on=day)
    return SymptomTerm(int(rule.value), rule.version, rule.basis)


def _same(status: CodeStatus | None, decision: Decision) -> bool:
    return status is not None and (status.colour, status.reason, status.rule_key, status.rule_version) == (
        decision.colour.value, decision.reason, decision.rule_key, decision.rule_version,
    )  # fmt: skip


def _follow_cells(statuses: Iterable[CodeStatus], cell_of: dict[uuid.UUID, str]) -> None:
    """A code goes where its person went; the cell before gets a tombstone."""
    moved = [s for s in statuses if s.region_code != cell_of.get(s.person_id, s.region_code)]
    if not moved:
        return
    Tombstone.objects.bulk_create(
        [Tombstone(kind="code", object_id=str(s.person_id), region_code=s.region_code) for s in moved]
    )
    for status in moved:
        status.region_code = cell_of[status.person_id]
    CodeStatus.objects.bulk_update(moved, ["region_code"])


def _write(
    *,
    people: Collection[uuid.UUID],
    decisions: dict[uuid.UUID, Decision],
    known: dict[uuid.UUID, CodeStatus],
    cell_of: dict[uuid.UUID, str],
    day: dt.date,
    trigger: Trigger,
) -> None:
    if not people:
        return
    now = clock.now()
    statuses, history = [], []
    for person in people:
        decision, before = decisions[person], known.get(person)
        outcome = {
            "person_id": person, "region_code": cell_of[person], "colour": decision.colour.value,
            "reason": decision.reason, "rule_key": decision.rule_key, "rule_version": decision.rule_version,
            "clause": decision.clause,
        }  # fmt: skip
        same_colour = before is not None and before.colour == decision.colour.value
        statuses.append(CodeStatus(since=before.since if before and same_colour else now, **outcome))
        facts = [{"kind": kind, "id": fact} for kind, fact in decision.facts]
        history.append(
            CodeDecision(id=new_id(), day=day, decided_at=now, trigger=trigger.value, facts=facts, **outcome)
        )
    CodeDecision.objects.bulk_create(history)
    CodeStatus.objects.bulk_create(
        statuses,
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["region_code", "colour", "reason", "since", "rule_key", "rule_version", "clause"],
    )
