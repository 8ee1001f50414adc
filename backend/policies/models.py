"""Dated rule packs by region (政策包). A rule that was once in force is never deleted: decisions name its version."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from backend.core.fields import RegionCodeField


class Days(Func):
    """`daterange(from, to, '[]')`: both days belong to it; no last day means still in force."""

    function = "DATERANGE"
    output_field = DateRangeField()


class PolicyPack(models.Model):
    """One loaded file. `region_code` is empty for the national base, else the region whose overlay it is."""

    name = models.CharField("名称", max_length=40)
    title = models.CharField("标题", max_length=80)
    version = models.CharField("版本", max_length=20)
    region_code = RegionCodeField("适用区划", blank=True)
    checksum = models.CharField("校验和", max_length=64)
    loaded_at = models.DateTimeField("载入时间")
    loaded_by_id = models.BigIntegerField("载入人", null=True)
    replaced_at = models.DateTimeField("被替换时间", null=True, blank=True)

    class Meta:
        verbose_name = "政策包"
        verbose_name_plural = "政策包"
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(replaced_at=None), name="pack_one_in_force"),
            models.UniqueConstraint(fields=["name", "version"], name="pack_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class PolicyRule(models.Model):
    """One key's value from a day to a day (inclusive), with the duty and clause it stands on."""

    pack = models.ForeignKey(PolicyPack, on_delete=models.PROTECT, related_name="rules", verbose_name="政策包")
    in_force = models.BooleanField("有效", default=True)
    region_code = RegionCodeField("适用区划", blank=True)
    key = models.CharField("键", max_length=40)
    value = models.JSONField("值")
    unit = models.CharField("单位", max_length=10, blank=True)
    valid_from = models.DateField("起始日期")
    valid_to = models.DateField("终止日期", null=True, blank=True)
    duty = models.CharField("职责编号", max_length=8)
    document = models.CharField("文件", max_length=80)
    dated = models.DateField("文件日期", null=True, blank=True)
    clause = models.CharField("条款", max_length=120)
    note = models.CharField("说明", max_length=200, blank=True)
    #: `name-version:key@valid_from`: what decisions write down beside their result.
    version = models.CharField("规则版本", max_length=60)

    class Meta:
        verbose_name = "政策规则"
        verbose_name_plural = "政策规则"
        ordering = ["key", "region_code", "valid_from"]
        constraints = [
            ExclusionConstraint(
                name="rule_one_value_a_day",
                expressions=[
                    ("key", RangeOperators.EQUAL),
                    ("region_code", RangeOperators.EQUAL),
                    (
                        Days(F("valid_from"), F("valid_to"), RangeBoundary(inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(in_force=True),
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="rule_days_in_order"
            ),
        ]

    def __str__(self) -> str:
        return self.version
