"""Audit (审计): who did what, when. Append-only by grant: the application's role may only INSERT and SELECT here."""

from django.db import models

from backend.core.fields import RegionCodeField


class AuditEntry(models.Model):
    """One act. Actor and region are plain values, so an entry outlives what it speaks of. No personal data."""

    at = models.DateTimeField("时间", db_index=True)
    actor_id = models.BigIntegerField("操作人编号", null=True)
    actor_name = models.CharField("操作人", max_length=60)
    action = models.CharField("操作", max_length=60)
    target_kind = models.CharField("对象", max_length=40)
    target_id = models.CharField("对象编号", max_length=64)
    region_code = RegionCodeField(blank=True)
    detail = models.JSONField("说明", default=dict)

    class Meta:
        verbose_name = "审计记录"
        verbose_name_plural = "审计记录"
        indexes = [
            models.Index(fields=["target_kind", "target_id"], name="audit_target"),
            models.Index(fields=["region_code", "-at"], name="audit_region"),
            models.Index(fields=["actor_id", "-at"], name="audit_actor"),
        ]


class AuditSeal(models.Model):
    """The hash chain: one digest a day over all entries of that day and the digest before it."""

    day = models.DateField("日期", primary_key=True)
    entries = models.PositiveIntegerField("条数")
    digest = models.CharField("摘要", max_length=64)
    sealed_at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = "审计封存"
        verbose_name_plural = "审计封存"
