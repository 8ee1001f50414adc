"""The visit (入户走访): one household, one knock, one record. Duty A1."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from backend.core.scope import ScopedQuerySet
from backend.facts.models import Fact
from backend.visits.choices import Outcome


class Visit(Fact):
    """A knock at one door. `fever_count` and `symptom_count` are persons, judged by the rule version stored beside."""

    household_id = models.UUIDField("住户")
    outcome = models.CharField("结果", max_length=15, choices=Outcome.choices)
    people = models.JSONField("体温与症状", default=list)
    temperature_max = models.DecimalField("最高体温", max_digits=3, decimal_places=1, null=True)
    fever_count = models.PositiveSmallIntegerField("发热人数", default=0)
    symptom_count = models.PositiveSmallIntegerField("有症状人数", default=0)
    needs = ArrayField(models.CharField(max_length=10), verbose_name="需求", default=list)
    note_sealed = models.BinaryField("备注", null=True)
    rule_version = models.CharField("规则版本", max_length=60, blank=True)

    objects: ClassVar[ScopedQuerySet["Visit"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "走访"
        verbose_name_plural = "走访记录"
        indexes = [
            models.Index(fields=["region_code", "business_day", "changed_xid"], name="visit_cell_day"),
            models.Index(fields=["household_id", "-corrected_at"], name="visit_household"),
            BrinIndex(fields=["changed_xid"], name="visit_changed", pages_per_range=16, autosummarize=True),
            models.Index(fields=["replaces_id"], name="visit_replaces", condition=Q(replaces_id__isnull=False)),
        ]
