"""The protocol's own state: the history that cursors belong to, days closed with phones, files carried in by hand.

See docs/sync.md, docs/receipts.md, docs/hand-carry.md.
"""

from typing import ClassVar

from django.db import models

from backend.core.fields import RegionCodeField
from backend.core.scope import ScopedQuerySet


class History(models.Model):
    """The identity of this database's past (历史标识). A restored copy gets a new one, and phones start over.

    `system_identifier` and `timeline` are the cluster's own: when they differ from what is stored, or a stored
    transaction lies in the future, the history is remade by itself.
    """

    SINGLETON = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON)
    history_id = models.UUIDField()
    system_identifier = models.CharField(max_length=24)
    timeline = models.IntegerField()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = "同步历史"
        verbose_name_plural = "同步历史"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="sync_history_singleton")]


class DayClosing(models.Model):
    """A phone's day, counted on both sides (手机日清): what it made, what the server holds. See docs/receipts.md.

    One row for a device, its user and a day, replaced by every later comparison. `closed_at` is set once all that the
    phone made is confirmed; `statement` and `signature` are what the server then said, and may be shown again.
    """

    id = models.UUIDField(primary_key=True)
    device_id = models.UUIDField("设备")
    author_id = models.BigIntegerField("使用人")
    day = models.DateField("业务日")
    made = models.PositiveIntegerField("手机上有")
    confirmed = models.PositiveIntegerField("已入库")
    refused = models.PositiveIntegerField("退回待改")
    missing = models.PositiveIntegerField("尚未收到")
    #: Stored from this device on this day, and unknown to the phone: its storage was cleared.
    forgotten = models.PositiveIntegerField("手机上已无")
    compared_at = models.DateTimeField("核对时间")
    closed_at = models.DateTimeField("收齐时间", null=True)
    statement = models.TextField(blank=True)
    signature = models.BinaryField(max_length=64, null=True)

    class Meta:
        verbose_name = "手机日清"
        verbose_name_plural = "手机日清"
        constraints = [models.UniqueConstraint(fields=["device_id", "author_id", "day"], name="dayclosing_once")]
        indexes = [models.Index(fields=["author_id", "day"], name="dayclosing_author_day")]


class CarriedFile(models.Model):
    """A sealed file of unsent records that somebody brought in by hand (代交文件). See docs/hand-carry.md.

    `id` is made from the file's digest: the same file twice is one row. What was in it lies in the ledger.
    """

    id = models.UUIDField(primary_key=True)
    device_id = models.UUIDField("设备")
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name="记录人")
    courier = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name="代交人")
    region_code = RegionCodeField("区划")
    made_at = models.DateTimeField("导出时间")
    received_at = models.DateTimeField("收到时间")
    items = models.PositiveIntegerField("条数")
    created = models.PositiveIntegerField("新入库")
    duplicates = models.PositiveIntegerField("此前已入库")
    refused = models.PositiveIntegerField("退回")
    times = models.PositiveIntegerField("代交次数", default=1)

    objects: ClassVar[ScopedQuerySet["CarriedFile"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "代交文件"
        verbose_name_plural = "代交文件"
        indexes = [models.Index(fields=["region_code", "-received_at"], name="carried_region_received")]

    def __str__(self) -> str:
        return f"{self.author} {self.made_at:%m-%d %H:%M}"
