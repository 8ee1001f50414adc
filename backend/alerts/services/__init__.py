"""The only writers of alerts. See docs/alerts.md.

Every service runs inside a transaction and announces itself once that commits: the ring is a hint, the event row is
the record.
"""

from backend.alerts.services.following import alerts_answer, alerts_move
from backend.alerts.services.handling import alert_acknowledge, alert_close, alert_reopen
from backend.alerts.services.handovers import handovers_overdue_evaluate, handovers_settled
from backend.alerts.services.raising import alerts_evaluate

__all__ = [
    "alert_acknowledge",
    "alert_close",
    "alert_reopen",
    "alerts_answer",
    "alerts_evaluate",
    "alerts_move",
    "handovers_overdue_evaluate",
    "handovers_settled",
]
