"""The only writers of reports, confirmations, exemptions and the files that go up. See docs/reports.md."""

from backend.reports.services.closing import day_advance, reports_advance, touched_refresh
from backend.reports.services.exemptions import exemption_grant, exemption_revoke
from backend.reports.services.outbox import outbox_write
from backend.reports.services.submitting import report_submit
from backend.reports.services.touches import stock_touches_collect

__all__ = [
    "day_advance",
    "exemption_grant",
    "exemption_revoke",
    "outbox_write",
    "report_submit",
    "reports_advance",
    "stock_touches_collect",
    "touched_refresh",
]
