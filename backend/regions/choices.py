"""Levels of the administrative tree and kinds of grid cell."""

from django.db import models


class Level(models.TextChoices):
    """The level of a region; one length of code each."""

    PROVINCE = "province", "省级"
    PREFECTURE = "prefecture", "地级"
    COUNTY = "county", "县级"
    TOWNSHIP = "township", "乡镇（街道）"
    VILLAGE = "village", "村（社区）"
    GRID = "grid", "网格"


#: From the leaf upward.
LEVELS_UPWARD = (Level.GRID, Level.VILLAGE, Level.TOWNSHIP, Level.COUNTY, Level.PREFECTURE, Level.PROVINCE)
LENGTH_OF = {
    Level.PROVINCE: 2, Level.PREFECTURE: 4, Level.COUNTY: 6, Level.TOWNSHIP: 9, Level.VILLAGE: 12, Level.GRID: 15,
}  # fmt: skip
LEVEL_OF = {length: level for level, length in LENGTH_OF.items()}


class CellKind(models.TextChoices):
    """Basic cells cover households; dedicated cells (专属网格) cover a school, a factory, a market."""

    BASIC = "basic", "基础网格"
    DEDICATED = "dedicated", "专属网格"
