"""Alerts (预警) and their append-only event log. See docs/alerts.md and docs/realtime.md."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from backend.alerts.choices import CloseReason, EventType, RuleKey, Severity, State
from backend.core.fields import RegionCodeField
from backend.core.ids import new_id
from backend.core.scope import ScopedQuerySet


class AlertQuerySet(ScopedQuerySet["Alert"]):
    def unfinished(self) -> "AlertQuerySet":
        return self.exclude(state=State.CLOSED)


class Alert(models.Model):
    """A concern that somebody must answer. One that is not closed exists per `concern`; `occasions` is its evidence.

    `place` is a door (`3幢2单元501`), `title` and `why` hold figures and symptoms: never a name or number of a person.
    Times are business time. Household and person are plain ids: alerts outlive them. `region_code` is the cell that
    must act now, `moved_at` when it last changed; where it was before is in the log.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    rule = models.CharField("规则", max_length=20, choices=RuleKey.choices)
    severity = models.CharField("紧急程度", max_length=10, choices=Severity.choices)
    state = models.CharField("状态", max_length=15, choices=State.choices, default=State.OPEN)
    region_code = RegionCodeField("网格")
    moved_at = models.DateTimeField("移交时间", null=True)
    concern = models.CharField("事由标识", max_length=80)
    occasions = ArrayField(models.CharField(max_length=40), verbose_name="依据", default=list)
    title = models.CharField("标题", max_length=120)
    place = models.CharField("地点", max_length=160, blank=True)
    household_id = models.UUIDField("住户", null=True)
    person_id = models.UUIDField("人员", null=True)
    business_day = models.DateField("业务日")
    raised_at = models.DateTimeField("发生时间")
    due_at = models.DateTimeField("签收时限", null=True)
    acknowledged_at = models.DateTimeField("签收时间", null=True)
    acknowledged_by_id = models.BigIntegerField("签收人编号", null=True)
    acknowledged_by_name = models.CharField("签收人", max_length=60, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True)
    closed_by_id = models.BigIntegerField("办结人编号", null=True)
    closed_by_name = models.CharField("办结人", max_length=60, blank=True)
    close_reason = models.CharField("办结原因", max_length=15, choices=CloseReason.choices, blank=True)
    close_note_sealed = models.BinaryField("办结说明", null=True)
    why = models.CharField("触发原因", max_length=200)
    rule_version = models.CharField("规则版本", max_length=80)
    clause = models.CharField("条款", max_length=200)

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "预警"
        verbose_name_plural = "预警"
        indexes = [
            models.Index(fields=["region_code", "state"], name="alert_region_state"),
            models.Index(fields=["concern"], name="alert_concern"),
            models.Index(fields=["business_day", "region_code"], name="alert_day"),
            models.Index(fields=["household_id"], name="alert_household"),
            models.Index(fields=["person_id"], name="alert_person"),
            models.Index(fields=["moved_at"], name="alert_moved", condition=Q(moved_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["concern"], condition=~Q(state="closed"), name="alert_one_per_concern"),
            models.CheckConstraint(
                condition=Q(state="open", acknowledged_at=None, closed_at=None)
                | Q(state="acknowledged", acknowledged_at__isnull=False, closed_at=None)
                | (Q(state="closed", closed_at__isnull=False) & ~Q(close_reason="")),
                name="alert_state_consistent",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AlertEvent(models.Model):
    """Something that happened to an alert (预警动态): what reaches a socket. Rows are only ever added.

    `seq` is assigned by a deferred trigger while the transaction commits, under one advisory lock held until the commit
    is visible: the order of `seq` is the order of commits, so who has read up to `seq` has missed nothing below it. It
    is null until then. Numbers may be left out. `data` is the event's payload as it was at the time.
    """

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField("序号", null=True, unique=True, editable=False)
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="events", verbose_name="预警")
    type = models.CharField("类型", max_length=15, choices=EventType.choices)
    region_code = RegionCodeField("网格")
    at = models.DateTimeField("时间")
    actor_id = models.BigIntegerField("操作人编号", null=True)
    actor_name = models.CharField("操作人", max_length=60, blank=True)
    data = models.JSONField("内容", default=dict)

    objects: ClassVar[ScopedQuerySet["AlertEvent"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "预警动态"
        verbose_name_plural = "预警动态"
        ordering = ["seq"]
        indexes = [models.Index(fields=["region_code", "seq"], name="alertevent_region_seq")]
