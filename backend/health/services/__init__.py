"""The only writers of checks, monitoring terms and health-code decisions. See docs/health-code.md.

No service takes a colour: whoever wants a code to change states a fact.
"""

from backend.health.services.checks import CheckRow, checks_missed_evaluate, checks_record, checks_store
from backend.health.services.codes import codes_evaluate, codes_follow, codes_sweep
from backend.health.services.findings import FindingRow, findings_record
from backend.health.services.monitorings import (
    monitoring_cancel,
    monitoring_end,
    monitoring_resume,
    monitoring_start,
    monitorings_end_due,
    monitorings_follow,
)

__all__ = [
    "CheckRow",
    "FindingRow",
    "checks_missed_evaluate",
    "checks_record",
    "checks_store",
    "codes_evaluate",
    "codes_follow",
    "codes_sweep",
    "findings_record",
    "monitoring_cancel",
    "monitoring_end",
    "monitoring_resume",
    "monitoring_start",
    "monitorings_end_due",
    "monitorings_follow",
]
