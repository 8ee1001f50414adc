"""The protocol's own state: the history that cursors belong to, days closed with phones, files carried in by hand,
edits that clashed, records handed up. See docs/sync.md, docs/receipts.md, docs/hand-carry.md, docs/edits.md,
docs/referrals.md.
"""

from typing import ClassVar

from django.db import models

from backend.core.fields import RegionCodeField
from backend.core.models import ChangedModel
from backend.core.scope import ScopedQuerySet
from backend.sync.choices import ConflictState, EditKind, ReferralState


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
    refused = models.PositiveIntegerField("待本人处理")
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
    refused = models.PositiveIntegerField("待本人处理")
    times = models.PositiveIntegerField("代交次数", default=1)

    objects: ClassVar[ScopedQuerySet["CarriedFile"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "代交文件"
        verbose_name_plural = "代交文件"
        indexes = [models.Index(fields=["region_code", "-received_at"], name="carried_region_received")]

    def __str__(self) -> str:
        return f"{self.author} {self.made_at:%m-%d %H:%M}"


class EditConflict(ChangedModel):
    """Fields that two people changed, to be chosen between (修改冲突). `id` is the item's that came second. See
    docs/edits.md.

    `fields` is a list of `{field, mine, theirs, theirs_by, theirs_at}` as it goes to phones, names and numbers masked.
    `mine_sealed` is what came second in the plain, as JSON, until somebody has chosen. `region_code` is the cell of the
    record now; `place` its door. `record_version` is the version of the record whose values `fields` shows; `version`
    counts how often they were shown anew, because somebody changed the record once more before a choice arrived.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField("类型", max_length=20, choices=EditKind.choices)
    target = models.UUIDField("记录")
    region_code = RegionCodeField("网格")
    place = models.CharField("位置", max_length=200, blank=True)
    author_id = models.BigIntegerField("后报人")
    author_name = models.CharField("后报人", max_length=60)
    device_id = models.UUIDField("设备")
    made_at = models.DateTimeField("手机记录时间")
    received_at = models.DateTimeField("收到时间")
    fields = models.JSONField("冲突内容")
    version = models.PositiveIntegerField(default=1)
    record_version = models.PositiveIntegerField()
    mine_sealed = models.BinaryField("后报内容（密）", null=True)
    state = models.CharField(
        "状态", max_length=10, choices=ConflictState.choices, default=ConflictState.OPEN.value
    )  # fmt: skip
    choices = models.JSONField("选择", default=dict)
    chosen_by_id = models.BigIntegerField("处理人", null=True)
    chosen_by_name = models.CharField("处理人", max_length=60, blank=True)
    chosen_at = models.DateTimeField("处理时间", null=True)

    objects: ClassVar[ScopedQuerySet["EditConflict"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "修改冲突"
        verbose_name_plural = "修改冲突"
        indexes = [
            models.Index(fields=["region_code", "-received_at"], name="conflict_region_received"),
            models.Index(fields=["changed_xid"], name="conflict_changed", condition=models.Q(state="open")),
            models.Index(fields=["target"], name="conflict_target", condition=models.Q(state="open")),
            models.Index(fields=["author_id", "changed_xid"], name="conflict_author_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.place}"


class Referral(ChangedModel):
    """A record that was sent back, handed up by who wrote it (上交记录). `id` is the item's that brought it. See
    docs/referrals.md.

    The record itself, its note and the clock's error lie sealed in the blob `content`. `item` and `kind` are the
    record's, `code` says why it was sent back; `region_code` is its author's cell.
    """

    id = models.UUIDField(primary_key=True)
    item = models.UUIDField("记录")
    kind = models.CharField("类型", max_length=20)
    code = models.CharField("退回原因", max_length=40)
    region_code = RegionCodeField("网格")
    place = models.CharField("位置", max_length=200, blank=True)
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name="上交人")
    device_id = models.UUIDField("设备")
    made_at = models.DateTimeField("手机记录时间")
    received_at = models.DateTimeField("收到时间")
    content = models.UUIDField("内容（密）")
    state = models.CharField("状态", max_length=10, choices=ReferralState.choices, default=ReferralState.OPEN.value)
    answered_by_name = models.CharField("处理人", max_length=60, blank=True)
    answered_at = models.DateTimeField("处理时间", null=True)

    objects: ClassVar[ScopedQuerySet["Referral"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "上交记录"
        verbose_name_plural = "上交记录"
        indexes = [
            models.Index(fields=["region_code", "-received_at"], name="referral_region_received"),
            models.Index(fields=["author", "changed_xid"], name="referral_author_changed"),
        ]

    def __str__(self) -> str:
        return self.place or self.author.display_name
