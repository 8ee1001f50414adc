"""What every fact shares: id ledger, fact base, touched cells. See docs/facts.md."""

from django.db import models

from backend.core.fields import RegionCodeField
from backend.core.models import CurrentTransaction
from backend.facts.choices import Verdict


class SyncItem(models.Model):
    """The ledger of ids (编号台账): an id is claimed once, in the transaction of its fact, and outlives it.

    Serves duplicates (same body), conflicts (other body) and receipts.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=20)
    body_hash = models.BinaryField(max_length=16)
    device_id = models.UUIDField()
    author_id = models.BigIntegerField()
    seq = models.BigIntegerField()
    day = models.DateField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    code = models.CharField(max_length=40, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = "同步条目"
        verbose_name_plural = "同步条目"
        indexes = [models.Index(fields=["device_id", "day"], name="syncitem_device_day")]


class Fact(models.Model):
    """An append-only record of something seen (事实). Corrections are new rows that name the one they replace.

    `region_code` is the cell at the time; `observed_at` the phone's word; `corrected_at` the same after clock skew;
    `business_day` the day of `corrected_at` in Asia/Shanghai, or of `received_at` when `doubtful`. A doubtful fact (its
    time is implausible even after correction) is kept out of figures until confirmed.
    """

    id = models.UUIDField(primary_key=True)
    region_code = RegionCodeField("网格")
    business_day = models.DateField("业务日")
    observed_at = models.DateTimeField("手机记录时间")
    corrected_at = models.DateTimeField("校正时间")
    received_at = models.DateTimeField("接收时间")
    doubtful = models.BooleanField("时间存疑", default=False)
    author_id = models.BigIntegerField("记录人")
    author_name = models.CharField("记录人", max_length=60)
    device_id = models.UUIDField("设备", null=True)
    replaces_id = models.UUIDField("更正的记录", null=True)
    changed_xid = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        abstract = True


class TouchedCell(models.Model):
    """A cell-day in which facts arrived since its figures were last computed; the increment of the roll-up."""

    pk = models.CompositePrimaryKey("business_day", "region_code")
    business_day = models.DateField()
    region_code = RegionCodeField()
    touched_at = models.DateTimeField()

    class Meta:
        verbose_name = "待汇总网格"
        verbose_name_plural = "待汇总网格"
