"""Reads over checks, monitoring terms and codes. Nothing here names anybody beyond the masked name."""

from backend.health.selectors.codes import (
    CodeView,
    code_of,
    people_whose_codes_lag,
    people_with_codes,
    sign_facts,
    term_facts,
)
from backend.health.selectors.due import (
    CheckCounts,
    DueCheck,
    check_counts_by_cell,
    checks_due,
    checks_made,
    checks_missed,
    people_with_check,
)
from backend.health.selectors.monitored import monitored_on

__all__ = [
    "CheckCounts",
    "CodeView",
    "DueCheck",
    "check_counts_by_cell",
    "checks_due",
    "checks_made",
    "checks_missed",
    "code_of",
    "monitored_on",
    "people_whose_codes_lag",
    "people_with_check",
    "people_with_codes",
    "sign_facts",
    "term_facts",
]
