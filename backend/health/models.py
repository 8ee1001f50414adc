"""Daily checks, monitoring terms, and the health-code status with its history. Duties A3, A7, A10.

See docs/health-code.md.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from backend.core.fields import RegionCodeField
from backend.core.models import ChangedModel
from backend.core.scope import ScopedQuerySet
from backend.facts.models import Fact
from backend.health.choices import Colour, Method, MonitoringKind, MonitoringState, Session, Trigger
from backend.residents.models import Person


class DailyCheck(Fact):
    """One health check of one person in one session (健康监测). Duty A10.

    `fever` and `symptomatic` were judged by the rule version stored beside them. `reachable` False: the worker tried
    and got nobody, which is noted but leaves the check undone.
    """

    person_id = models.UUIDField("人员")
    session = models.CharField("时段", max_length=10, choices=Session.choices)
    method = models.CharField("方式", max_length=10, choices=Method.choices)
    reachable = models.BooleanField("联系上", default=True)
    temperature = models.DecimalField("体温（℃）", max_digits=3, decimal_places=1, null=True)
    symptoms = ArrayField(models.CharField(max_length=20), verbose_name="症状", default=list)
    fever = models.BooleanField("发热", default=False)
    symptomatic = models.BooleanField("有症状", default=False)
    note_sealed = models.BinaryField("备注", null=True)
    rule_version = models.CharField("规则版本", max_length=60, blank=True)

    objects: ClassVar[ScopedQuerySet["DailyCheck"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "健康监测记录"
        verbose_name_plural = "健康监测记录"
        indexes = [
            models.Index(fields=["region_code", "business_day", "changed_xid"], name="check_cell_day"),
            models.Index(fields=["person_id", "business_day"], name="check_person_day"),
            BrinIndex(fields=["changed_xid"], name="check_changed", pages_per_range=16, autosummarize=True),
            # Corrections are few: "was this replaced?" must not cost a scan of everything.
            models.Index(fields=["replaces_id"], name="check_replaces", condition=Q(replaces_id__isnull=False)),
        ]


class VisitFinding(models.Model):
    """What a visit showed of a person it names (走访发现): a fever or a symptom, judged as in a check. Duty A7.

    Written beside the visit by whoever stores it; visits stand above this app, so `visit_id` is a plain value.
    """

    pk = models.CompositePrimaryKey("person", "visit_id")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="visit_findings", verbose_name="人员")
    visit_id = models.UUIDField("走访")
    region_code = RegionCodeField("网格")
    business_day = models.DateField("业务日")
    doubtful = models.BooleanField("时间存疑", default=False)
    temperature = models.DecimalField("体温（℃）", max_digits=3, decimal_places=1, null=True)
    symptoms = ArrayField(models.CharField(max_length=20), verbose_name="症状", default=list)
    fever = models.BooleanField("发热", default=False)
    symptomatic = models.BooleanField("有症状", default=False)
    rule_version = models.CharField("规则版本", max_length=60)

    objects: ClassVar[ScopedQuerySet["VisitFinding"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "走访发现"
        verbose_name_plural = "走访发现"
        indexes = [models.Index(fields=["visit_id"], name="visitfinding_visit")]


class ReplacedVisit(models.Model):
    """A visit that a correction replaced (被更正的走访): what it showed is no evidence, whichever came first."""

    visit_id = models.UUIDField("走访", primary_key=True)
    by_id = models.UUIDField("更正记录")

    class Meta:
        verbose_name = "被更正的走访"
        verbose_name_plural = "被更正的走访"


class Monitoring(ChangedModel):
    """A term of daily checks (健康监测期): both days inclusive. Duties A3, A10.

    `region_code` is the cell that owes the checks. When the person moves to another cell the row closes (`moved`) and a
    new one with the same days opens there (`continues_id`), so that figures as of any moment keep their cell.
    `registered_at` and `ended_at` are the server's business time: what a cut-off could know.
    """

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="monitorings", verbose_name="人员")
    region_code = RegionCodeField("网格")
    kind = models.CharField("事由", max_length=20, choices=MonitoringKind.choices)
    from_day = models.DateField("起始日期")
    to_day = models.DateField("期满日期")
    state = models.CharField("状态", max_length=10, choices=MonitoringState.choices, default=MonitoringState.ACTIVE)
    registered_at = models.DateTimeField("登记时间")
    ended_at = models.DateTimeField("结束时间", null=True)
    #: The days on which this cell owes the checks: the term itself, unless the person moved in, moved on or left.
    first_day = models.DateField("首个监测日")
    last_day = models.DateField("最后监测日")
    rule_version = models.CharField("规则版本", max_length=60)
    clause = models.CharField("依据", max_length=200)
    source_id = models.UUIDField("来源登记")
    continues_id = models.UUIDField("承接自", null=True)

    objects: ClassVar[ScopedQuerySet["Monitoring"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "健康监测期"
        verbose_name_plural = "健康监测期"
        indexes = [
            models.Index(fields=["region_code", "last_day"], name="monitoring_cell"),
            models.Index(fields=["person", "from_day"], name="monitoring_person"),
            models.Index(fields=["changed_xid"], name="monitoring_changed"),
            models.Index(fields=["to_day"], name="monitoring_active", condition=Q(state="active")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(to_day__gte=F("from_day")), name="monitoring_days_in_order"),
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(state="active"), name="monitoring_one_active_per_kind"
            ),
        ]


class CodeStatus(ChangedModel):
    """The health-code status of a person now (健康码状态). Duty A7. Written by `codes_evaluate` alone, from rules."""

    person = models.OneToOneField(
        Person, on_delete=models.PROTECT, primary_key=True, related_name="code_status", verbose_name="人员"
    )
    region_code = RegionCodeField("网格")
    colour = models.CharField("状态", max_length=10, choices=Colour.choices)
    reason = models.CharField("原因", max_length=200)
    since = models.DateTimeField("自何时")
    rule_key = models.CharField("规则", max_length=40)
    rule_version = models.CharField("规则版本", max_length=60)
    clause = models.CharField("依据", max_length=200)

    objects: ClassVar[ScopedQuerySet["CodeStatus"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "健康码状态"
        verbose_name_plural = "健康码状态"
        indexes = [
            models.Index(fields=["region_code", "colour"], name="codestatus_cell"),
            models.Index(fields=["changed_xid"], name="codestatus_changed"),
        ]


class CodeDecision(models.Model):
    """A change of somebody's code status, and what it rests on (健康码研判记录).

    Append-only: the database refuses edits. `facts` lists what the rule used as
    `{"kind": "check"|"visit"|"monitoring", "id": uuid}`: ids, never identity.
    """

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="code_decisions", verbose_name="人员")
    region_code = RegionCodeField("网格")
    day = models.DateField("研判业务日")
    decided_at = models.DateTimeField("研判时间")
    trigger = models.CharField("触发", max_length=20, choices=Trigger.choices)
    colour = models.CharField("状态", max_length=10, choices=Colour.choices)
    reason = models.CharField("原因", max_length=200)
    rule_key = models.CharField("规则", max_length=40)
    rule_version = models.CharField("规则版本", max_length=60)
    clause = models.CharField("依据", max_length=200)
    facts = models.JSONField("所依据的记录", default=list)

    objects: ClassVar[ScopedQuerySet["CodeDecision"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "健康码研判记录"
        verbose_name_plural = "健康码研判记录"
        indexes = [
            models.Index(fields=["person", "-decided_at"], name="codedecision_person"),
            models.Index(fields=["region_code"], name="codedecision_cell"),
        ]
