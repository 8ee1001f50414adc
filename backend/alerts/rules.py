"""Alert rules (预警规则): an ordered list of pure functions over plain values. Duties A1, A3, B3. See docs/alerts.md.

A finding is what a fact or a sweep noticed; a concern is what somebody should be told. The first rule of `ALERT_RULES`
that has a concern about a finding decides.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from backend.alerts.choices import RuleKey, Severity
from backend.core.symptoms import Symptom

FindingKind = Literal["visit", "check", "household_unseen", "check_missed", "handover_overdue"]
_SESSIONS = {"morning": "早间", "evening": "晚间"}


@dataclass(frozen=True)
class Finding:
    """One thing noticed about one household or person, at a door, in a check, or by a sweep.

    `days_unseen` counts the days since anybody of the household was met, `session` is morning or evening. `source_id`
    is the fact's id, or the household's, person's or hand-over's for a sweep. `place` is a door, never a name.
    """

    kind: FindingKind
    region_code: str
    place: str
    business_day: dt.date
    observed_at: dt.datetime
    source_id: uuid.UUID
    household_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    temperature: Decimal | None = None
    symptoms: tuple[str, ...] = ()
    days_unseen: int | None = None
    session: str | None = None


@dataclass(frozen=True)
class Basis:
    """What a policy rule said on the finding's day in its region: a value, the rule's version and its clause."""

    value: object
    version: str
    clause: str


@dataclass(frozen=True)
class Thresholds:
    """The values the rules compare with. `acknowledge_hours` maps severity to hours; a severity left out has no due."""

    fever: Basis
    symptoms: Mapping[str, Basis] = field(default_factory=dict)
    unseen_days: Basis | None = None
    sessions: Basis | None = None
    handover_hours: Basis | None = None
    acknowledge_hours: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Concern:
    """What somebody should be told.

    `key` names the concern: at most one alert that is not closed holds it. `occasion` names the evidence: the same
    occasion never raises the concern again after it was closed.
    """

    rule: RuleKey
    severity: Severity
    key: str
    occasion: str
    title: str
    why: str
    basis: Basis


def _subject(finding: Finding) -> str:
    """Whom the concern is about, the person where one is named."""
    if finding.person_id is not None:
        return f"person:{finding.person_id}"
    if finding.household_id is not None:
        return f"household:{finding.household_id}"
    return f"source:{finding.source_id}"


def fever(finding: Finding, thresholds: Thresholds) -> Concern | None:
    """发热: a temperature at or above the threshold, or fever ticked as a symptom."""
    if finding.kind not in {"visit", "check"}:
        return None
    limit = Decimal(str(thresholds.fever.value))
    measured = finding.temperature is not None and finding.temperature >= limit
    if not measured and Symptom.FEVER not in finding.symptoms:
        return None
    if measured:
        title = f"发热 {finding.temperature}℃"
        why = f"体温 {finding.temperature}℃，达到发热标准 {limit}℃。"
    else:
        title, why = "发热", "登记了发热症状。"
    return Concern(
        RuleKey.FEVER, Severity.URGENT, f"fever:{_subject(finding)}", str(finding.source_id), title, why,
        thresholds.fever,
    )  # fmt: skip


def symptoms(finding: Finding, thresholds: Thresholds) -> Concern | None:
    """有症状: a symptom that the list for this context names."""
    basis = thresholds.symptoms.get(finding.kind)
    if basis is None or not isinstance(basis.value, list | tuple | frozenset):
        return None
    seen = [Symptom(code).label for code in finding.symptoms if code in basis.value]
    if not seen:
        return None
    names = "、".join(seen)
    return Concern(
        RuleKey.SYMPTOMS, Severity.WARNING, f"symptoms:{_subject(finding)}", str(finding.source_id),
        f"有症状：{names}", f"登记了{names}，属于应关注的症状。", basis,
    )  # fmt: skip


def missed_occasion(day: dt.date, session: str) -> str:
    """The evidence of a missed check: the session of a day."""
    return f"{day}:{session}"


def check_missed(finding: Finding, thresholds: Thresholds) -> Concern | None:
    """健康监测未报: nobody recorded the check that was due in this session."""
    if finding.kind != "check_missed" or thresholds.sessions is None:
        return None
    session = _SESSIONS.get(finding.session or "", "")
    day = f"{finding.business_day.month}月{finding.business_day.day}日"
    return Concern(
        RuleKey.CHECK_MISSED, Severity.WARNING, f"check_missed:{_subject(finding)}",
        missed_occasion(finding.business_day, finding.session or ""),
        f"{day}{session}健康监测未报", f"{day}{session}应测体温，到时仍没有登记。", thresholds.sessions,
    )  # fmt: skip


def household_unseen(finding: Finding, thresholds: Thresholds) -> Concern | None:
    """住户多日未见: as many days as the rule allows without meeting anybody; again after as many days more."""
    if finding.kind != "household_unseen" or thresholds.unseen_days is None or finding.days_unseen is None:
        return None
    limit = int(str(thresholds.unseen_days.value))
    if finding.days_unseen < limit:
        return None
    last_seen = finding.business_day - dt.timedelta(days=finding.days_unseen)
    return Concern(
        RuleKey.HOUSEHOLD_UNSEEN, Severity.NOTICE, f"unseen:{_subject(finding)}",
        f"{last_seen}:{finding.days_unseen // limit}",
        f"已 {finding.days_unseen} 天未见到住户", f"连续 {finding.days_unseen} 天没有见到这户的人，规定为 {limit} 天。",
        thresholds.unseen_days,
    )  # fmt: skip


#: The concern of a hand-over that nobody answers is this and the hand-over's id.
HANDOVER_CONCERN = "handover:"


def handover_overdue(finding: Finding, thresholds: Thresholds) -> Concern | None:
    """移交超时未签收: offered to a cell or village, and not answered in the time that the rule gives."""
    basis = thresholds.handover_hours
    if finding.kind != "handover_overdue" or basis is None:
        return None
    return Concern(
        RuleKey.HANDOVER_OVERDUE, Severity.WARNING, f"{HANDOVER_CONCERN}{finding.source_id}", "overdue",
        "移交超时未签收", f"移交来的住户或人员过了 {basis.value} 小时还没有人签收或退回，仍由原网格负责。", basis,
    )  # fmt: skip


AlertRule = Callable[[Finding, Thresholds], Concern | None]

#: Tried in this order; the first concern wins.
ALERT_RULES: tuple[AlertRule, ...] = (fever, symptoms, check_missed, household_unseen, handover_overdue)


def judge(finding: Finding, thresholds: Thresholds) -> Concern | None:
    """The concern of the first rule that has one."""
    for rule in ALERT_RULES:
        if (concern := rule(finding, thresholds)) is not None:
            return concern
    return None
