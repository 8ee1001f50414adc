"""The health-code rules (健康码规则): facts with dates in, a colour with its reason out. Duty A7.

See docs/health-code.md.

`CODE_RULES` is asked from top to bottom; the first rule with an answer decides. Rules see plain values only, so that a
decision can be made again from the facts it names. Nobody's hand sets a colour: there is no parameter for one.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from backend.facts.choices import Symptom
from backend.health.choices import Colour, MonitoringState


@dataclass(frozen=True, slots=True)
class SignFact:
    """What a check, or a visit that names the person, showed; not replaced by a correction, its time not in doubt.

    `kind` is a key of `SEEN_AT`; `id` is the record's: of one visit there is one fact for each person it names.
    """

    kind: str
    id: uuid.UUID
    day: dt.date
    temperature: Decimal | None
    symptoms: frozenset[str]
    fever: bool
    symptomatic: bool


@dataclass(frozen=True, slots=True)
class TermFact:
    """A monitoring term: `from_day` to `to_day`, both inclusive; `last_day` is earlier when the person left."""

    id: uuid.UUID
    from_day: dt.date
    to_day: dt.date
    last_day: dt.date
    state: str
    rule_version: str
    clause: str


@dataclass(frozen=True, slots=True)
class SymptomTerm:
    """Policy `code.symptom.days`: the days, the symptom's own day included, during which it keeps a code yellow."""

    days: int
    version: str
    clause: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a rule may look at: the facts about one person as of `day`."""

    day: dt.date
    signs: frozenset[SignFact]
    terms: frozenset[TermFact]
    symptom_term: SymptomTerm


@dataclass(frozen=True, slots=True)
class Decision:
    """A colour, why in one sentence, by which rule, and the facts it rests on as sorted `(kind, id)` pairs."""

    colour: Colour
    reason: str
    rule_key: str
    rule_version: str
    clause: str
    facts: tuple[tuple[str, str], ...]


CodeRule = Callable[[Evidence], Decision | None]

#: Where a sign was seen, in the words of a reason and in the order in which a sentence names them.
SEEN_AT = {"check": "健康监测", "visit": "入户走访"}


def symptom_recent(evidence: Evidence) -> Decision | None:
    """Yellow while a fever or a watched symptom lies within the symptom term; a newer one starts the term again."""
    term = evidence.symptom_term
    recent = {
        sign
        for sign in evidence.signs
        if (sign.fever or sign.symptomatic) and evidence.day - sign.day < dt.timedelta(days=term.days)
    }
    if not recent:
        return None
    last = max(sign.day for sign in recent)
    newest = {sign for sign in recent if sign.day == last}
    where = "、".join(words for kind, words in SEEN_AT.items() if any(sign.kind == kind for sign in newest))
    reason = (
        f"{_day(last)}{where}{_shown(newest)}，"
        f"此后至{_day(last + dt.timedelta(days=term.days - 1))}无新的症状方可转为绿码。"
    )
    facts = tuple(sorted({(sign.kind, str(sign.id)) for sign in recent}))
    return Decision(Colour.YELLOW, reason, "symptom_recent", term.version, term.clause, facts)


def under_monitoring(evidence: Evidence) -> Decision | None:
    """Yellow until the monitoring term has run its days."""
    running = [t for t in evidence.terms if t.state == MonitoringState.ACTIVE and t.to_day >= evidence.day]
    if not running:
        return None
    term = max(running, key=lambda t: (t.to_day, str(t.id)))
    reason = f"正在返乡健康监测期内（{_day(term.from_day)}至{_day(term.to_day)}），期满且无症状转为绿码。"
    return _by_term(Colour.YELLOW, reason, "under_monitoring", term)


def left_early(evidence: Evidence) -> Decision | None:
    """Yellow for the rest of a term that was cut short by leaving: to go away is no release."""
    cut = [
        t
        for t in evidence.terms
        if t.state == MonitoringState.LEFT and t.last_day < t.to_day and t.to_day >= evidence.day
    ]
    if not cut:
        return None
    term = max(cut, key=lambda t: (t.to_day, str(t.id)))
    reason = f"健康监测应至{_day(term.to_day)}，{_day(term.last_day)}已离开本地，监测期未满，期满后转为绿码。"
    return _by_term(Colour.YELLOW, reason, "left_early", term)


def monitoring_done(evidence: Evidence) -> Decision | None:
    """Green once the last term has run out, with no symptom in the symptom term before today."""
    over = [
        t
        for t in evidence.terms
        if t.state in (MonitoringState.ACTIVE, MonitoringState.ENDED, MonitoringState.LEFT) and t.to_day < evidence.day
    ]
    if not over:
        return None
    term = max(over, key=lambda t: (t.to_day, str(t.id)))
    reason = f"返乡健康监测已于{_day(term.to_day)}期满，近{evidence.symptom_term.days}天无发热等症状记录。"
    return _by_term(Colour.GREEN, reason, "monitoring_done", term)


def nothing_known(evidence: Evidence) -> Decision:
    """Green for somebody on record with neither a term nor a symptom."""
    term = evidence.symptom_term
    reason = f"不在健康监测期内，近{term.days}天无发热等症状记录。"
    return Decision(Colour.GREEN, reason, "nothing_known", term.version, term.clause, ())


#: Most serious first. `nothing_known` always answers.
CODE_RULES: tuple[CodeRule, ...] = (symptom_recent, under_monitoring, left_early, monitoring_done, nothing_known)


def decide(
    *, day: dt.date, signs: Iterable[SignFact], terms: Iterable[TermFact], symptom_term: SymptomTerm
) -> Decision:
    """The decision about one person as of `day`, whatever the order of the facts, and however often each is given."""
    evidence = Evidence(day, frozenset(signs), frozenset(terms), symptom_term)
    return next(decision for rule in CODE_RULES if (decision := rule(evidence)) is not None)


def _by_term(colour: Colour, reason: str, key: str, term: TermFact) -> Decision:
    return Decision(colour, reason, key, term.rule_version, term.clause, (("monitoring", str(term.id)),))


def _shown(signs: set[SignFact]) -> str:
    """What the signs of one day are: `体温38.2℃，有干咳、乏力`. Symptoms stand in the order of the list."""
    parts = []
    highest = max((s.temperature for s in signs if s.fever and s.temperature is not None), default=None)
    if highest is not None:
        parts.append(f"体温{highest}℃")
    noted = {symptom for sign in signs for symptom in sign.symptoms}
    names = [s.label for s in Symptom if s.value in noted and not (s is Symptom.FEVER and highest is not None)]
    if names:
        parts.append("有" + "、".join(names))
    return "，".join(parts) or "发热"


def _day(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
