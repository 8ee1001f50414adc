"""The one tree of regions (区划), whose leaf is the grid cell (网格). Duty A1, A2."""

from typing import ClassVar

from django.db import models

from backend.core.fields import RegionCodeField
from backend.core.models import ChangedModel
from backend.core.scope import ScopedQuerySet
from backend.regions.choices import CellKind, Level


class RegionQuerySet(ScopedQuerySet["Region"]):
    scope_lookup = "code"

    def real(self) -> "RegionQuerySet":
        """Without pseudo levels such as 市辖区."""
        return self.filter(placeholder=False)


class Region(ChangedModel):
    """A division or grid cell. Ancestry is the code's prefix; `parent_code` skips pseudo levels."""

    code = RegionCodeField(primary_key=True)
    name = models.CharField("名称", max_length=60)
    level = models.CharField("层级", max_length=10, choices=Level.choices)
    parent_code = RegionCodeField("上级区划", null=True, blank=True)
    placeholder = models.BooleanField("虚拟层级", default=False)
    kind = models.CharField("网格类型", max_length=10, choices=CellKind.choices, blank=True)
    buildings = models.CharField("楼栋范围", max_length=200, blank=True)
    leader_name = models.CharField("网格长", max_length=40, blank=True)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)
    successor_code = RegionCodeField("后继区划", null=True, blank=True)

    objects: ClassVar[RegionQuerySet] = RegionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "区划"
        verbose_name_plural = "区划与网格"
        ordering = ["code"]
        indexes = [
            models.Index(fields=["parent_code"], name="region_parent"),
            models.Index(fields=["level", "code"], name="region_level"),
            models.Index(fields=["successor_code"], name="region_successor"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def region_code(self) -> str:
        """The code, under the name that every other row carries it."""
        return self.code
