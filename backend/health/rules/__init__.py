"""Pure decisions about checks and about the health-code status. No ORM; see the modules for the contracts."""

from backend.health.rules.checks import Judged, due_state, judge_check
from backend.health.rules.codes import CODE_RULES, SEEN_AT, Decision, Evidence, SignFact, SymptomTerm, TermFact, decide
from backend.health.rules.terms import inclusive_term

__all__ = [
    "CODE_RULES",
    "SEEN_AT",
    "Decision",
    "Evidence",
    "Judged",
    "SignFact",
    "SymptomTerm",
    "TermFact",
    "decide",
    "due_state",
    "inclusive_term",
    "judge_check",
]
