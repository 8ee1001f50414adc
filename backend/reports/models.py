"""The day (日报告): what every unit reported, its revisions, who confirmed, who is exempt, what went up. Duties E1, E2.

See docs/reports.md. Figures are JSON objects `{indicator: integer}` of the stored indicators of `indicators.py`, empty
where there is no figure. Reports and revisions are range-partitioned by month; rows are found by region and day.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from backend.core.fields import RegionCodeField
from backend.core.ids import new_id
from backend.core.scope import ScopedQuerySet
from backend.regions.choices import Level
from backend.reports.choices import Confirm, FileFormat, State, Value


class Statement(models.Model):
    """What a report and each of its revisions say alike.

    `expected`, `reported` and `exempted` count grid cells below (and including) the unit, so they add up the tree;
    `contributing` counts the cells in the figures: all of them while the day is open, the reporting ones once closed.
    `facts` are records from a person. `inputs` is an order-independent hash of the records (at the cell) or of the
    children's digests (above); `digest` is the hash of all that is said.
    """

    #: `region-YYYYMMDD`, for a revision `region-YYYYMMDD-n`.
    id = models.CharField(primary_key=True, max_length=36, db_collation="C")
    region_code = RegionCodeField("区划")
    business_day = models.DateField("业务日")
    state = models.CharField("状态", max_length=10, choices=State.choices)
    value = models.CharField("上报值", max_length=10, choices=Value.choices, blank=True)
    late = models.BooleanField("迟报", default=False)
    expected = models.IntegerField("应报网格")
    reported = models.IntegerField("已报网格")
    exempted = models.IntegerField("免报网格")
    figures = models.JSONField("指标", default=dict)
    facts = models.BigIntegerField("记录数")
    visits = models.BigIntegerField("走访记录数")
    checks = models.BigIntegerField("监测记录数")
    last_received_at = models.DateTimeField("最近收到", null=True)
    inputs = models.BigIntegerField("输入摘要")
    digest = models.BigIntegerField("内容摘要")

    class Meta:
        abstract = True

    @property
    def automatic(self) -> bool:
        """Whether the report wrote itself (自动上报): nobody confirmed it."""
        return self.state == State.SUBMITTED


class DailyReport(Statement):
    """A unit's day as it stands now (日报). One row per region that has cells, and day.

    `parent_code` is the tree as it was that day. `revision` is 0 until the unit's level closed.
    """

    level = models.CharField("层级", max_length=10, choices=Level.choices)
    parent_code = RegionCodeField("上级区划", blank=True)
    contributing = models.IntegerField("计入网格")
    revision = models.IntegerField("版本", default=0)
    #: The value of revision 1: `missing` here and a value later means the report came late.
    value_at_close = models.CharField("截止时上报值", max_length=10, choices=Value.choices, blank=True)
    confirmed_at = models.DateTimeField("确认时间", null=True)
    confirmed_by_name = models.CharField("确认人", max_length=60, blank=True)

    objects: ClassVar[ScopedQuerySet["DailyReport"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "日报"
        verbose_name_plural = "日报"
        indexes = [models.Index(fields=["business_day", "parent_code"], name="dailyreport_children")]
        constraints = [
            models.UniqueConstraint(fields=["business_day", "region_code"], name="dailyreport_one_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.business_day}"

    @property
    def is_closed(self) -> bool:
        return self.revision > 0


class ReportRevision(Statement):
    """A closed report as it was said at one time (日报版本). Rows are only ever added.

    `children` names the revision of every child unit that it was summed from. `as_of` is the moment whose knowledge it
    holds: the cut-off for the revision that closed the unit or its superior, later for a correction.
    """

    n = models.IntegerField("版本")
    as_of = models.DateTimeField("截至")
    made_at = models.DateTimeField("生成时间")
    children = models.JSONField("下级版本", default=dict)

    objects: ClassVar[ScopedQuerySet["ReportRevision"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "日报版本"
        verbose_name_plural = "日报版本"
        constraints = [
            models.UniqueConstraint(fields=["business_day", "region_code", "n"], name="reportrevision_once"),
        ]


class ReportDay(models.Model):
    """How far a province's day has come: the one place where closings and their order are kept.

    `levels_closed` counts from the grid upward (0 to 6). `as_of` is the moment up to which the figures are counted.
    """

    province_code = RegionCodeField("省")
    business_day = models.DateField("业务日")
    levels_closed = models.PositiveSmallIntegerField("已截止层级数", default=0)
    as_of = models.DateTimeField("统计截至", null=True)
    #: The indicators of the last count; another list (after an upgrade) makes the next count a full one.
    counted = models.TextField("统计指标", blank=True)

    class Meta:
        verbose_name = "日报进度"
        verbose_name_plural = "日报进度"
        constraints = [
            models.UniqueConstraint(fields=["province_code", "business_day"], name="reportday_once"),
            models.CheckConstraint(condition=Q(levels_closed__lte=6), name="reportday_levels"),
        ]
        indexes = [models.Index(fields=["business_day"], name="reportday_open", condition=Q(levels_closed__lt=6))]


class Confirmation(models.Model):
    """Somebody stood up for a unit's day (确认). Rows are only ever added; the latest one at a moment counts."""

    id = models.UUIDField(primary_key=True, default=new_id)
    region_code = RegionCodeField("区划")
    business_day = models.DateField("业务日")
    confirm = models.CharField("确认方式", max_length=10, choices=Confirm.choices)
    at = models.DateTimeField("确认时间")
    author_id = models.BigIntegerField("确认人编号")
    author_name = models.CharField("确认人", max_length=60)
    note_sealed = models.BinaryField("说明（密）", null=True)

    objects: ClassVar[ScopedQuerySet["Confirmation"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "日报确认"
        verbose_name_plural = "日报确认"
        indexes = [models.Index(fields=["business_day", "region_code", "-at"], name="confirmation_day")]


class Exemption(models.Model):
    """Nothing is expected of a region from a day to a day, both inclusive (免报). What it reports still counts."""

    id = models.UUIDField(primary_key=True, default=new_id)
    region_code = RegionCodeField("区划")
    from_day = models.DateField("起始日期")
    to_day = models.DateField("终止日期")
    reason = models.CharField("原因", max_length=120)
    granted_at = models.DateTimeField("批准时间")
    granted_by_name = models.CharField("批准人", max_length=60)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)

    objects: ClassVar[ScopedQuerySet["Exemption"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "免报"
        verbose_name_plural = "免报"
        indexes = [models.Index(fields=["to_day"], name="exemption_to_day")]
        constraints = [
            models.CheckConstraint(condition=Q(to_day__gte=F("from_day")), name="exemption_days_in_order"),
        ]


class OutboxFile(models.Model):
    """A file of a province's day, laid ready for the level above (上报文件). A new revision makes a new version."""

    id = models.UUIDField(primary_key=True, default=new_id)
    region_code = RegionCodeField("省")
    business_day = models.DateField("业务日")
    revision = models.IntegerField("日报版本")
    format = models.CharField("格式", max_length=5, choices=FileFormat.choices)
    name = models.CharField("文件名", max_length=80)
    size = models.BigIntegerField("大小（字节）")
    rows = models.IntegerField("行数")
    sha256 = models.CharField("SHA-256", max_length=64)
    made_at = models.DateTimeField("生成时间")

    objects: ClassVar[ScopedQuerySet["OutboxFile"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "上报文件"
        verbose_name_plural = "上报文件"
        ordering = ["-business_day", "-revision", "format"]
        constraints = [
            models.UniqueConstraint(
                fields=["region_code", "business_day", "revision", "format"], name="outboxfile_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StockMark(models.Model):
    """Up to where the changes of a stock table were turned into touched cells: a transaction, number or moment."""

    source = models.CharField(primary_key=True, max_length=30)
    position = models.BigIntegerField()

    class Meta:
        verbose_name = "存量扫描位置"
        verbose_name_plural = "存量扫描位置"
