"""What waits for the office (待办), in the header of every page: alerts to take on, reports that yesterday owes, edits
that clashed, records handed up."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.urls import reverse

from backend.accounts.choices import Capability
from backend.alerts.choices import State
from backend.alerts.models import Alert
from backend.core import clock
from backend.reports.models import DailyReport
from backend.sync.choices import ConflictState, ReferralState
from backend.sync.models import EditConflict, Referral


@dataclass(frozen=True)
class Waiting:
    """One figure of the header: a word, its count with the unit, the tone of its mark, and the list it stands for."""

    word: str
    count: int
    unit: str
    tone: str
    url: str


def open_work(user: Any) -> list[Waiting]:
    """Figures above 0 of the user's own regions, the most urgent first; four queries whatever there is."""
    found: list[Waiting] = []
    if user.has_capability(Capability.ALERT_VIEW):
        found += _alerts(user)
    if user.has_capability(Capability.REPORT_VIEW):
        found += _reports(user)
    if user.has_capability(Capability.HOUSEHOLD_EDIT):
        found += _conflicts(user)
    if user.has_capability(Capability.RECORD_CARRY):
        found += _referrals(user)
    return [waiting for waiting in found if waiting.count]


def _alerts(user: Any) -> list[Waiting]:
    rows = Alert.objects.visible_to(user, Capability.ALERT_VIEW).filter(state=State.OPEN)
    told = rows.aggregate(open=Count("pk"), overdue=Count("pk", filter=Q(due_at__lt=clock.now())))
    url = f"{reverse('admin:alerts_alert_changelist')}?state={State.OPEN.value}"
    return [
        Waiting("超时", told["overdue"], "条", "bad", url),
        Waiting(State.OPEN.label, told["open"], "条", "none", url),
    ]


def _reports(user: Any) -> list[Waiting]:
    """Counted over the units directly below the user's regions: their rows hold the sums of what lies deeper."""
    yesterday = clock.today() - dt.timedelta(days=1)
    rows = DailyReport.objects.filter(
        business_day=yesterday, parent_code__in=user.scope(Capability.REPORT_VIEW).prefixes
    )
    told = rows.aggregate(owed=Sum(F("expected") - F("reported")), late=Count("pk", filter=Q(late=True)))
    url = f"{reverse('admin:day_tree')}?day={yesterday.isoformat()}"
    return [
        Waiting("昨日未报", told["owed"] or 0, "个网格", "none", url),
        Waiting("迟报", told["late"], "个单位", "warn", url),
    ]


def _conflicts(user: Any) -> list[Waiting]:
    rows = EditConflict.objects.visible_to(user, Capability.HOUSEHOLD_EDIT).filter(state=ConflictState.OPEN)
    return [Waiting("修改冲突", rows.count(), "条", "warn", reverse("admin:sync_editconflict_changelist"))]


def _referrals(user: Any) -> list[Waiting]:
    rows = Referral.objects.visible_to(user, Capability.RECORD_CARRY).filter(state=ReferralState.OPEN)
    return [Waiting("上交记录", rows.count(), "条", "warn", reverse("admin:sync_referral_changelist"))]
