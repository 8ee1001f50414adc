"""The region-code field: place in the administrative tree (区划代码), stored unpadded."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

#: Number of digits per level, from province to grid cell.
CODE_LENGTHS = (2, 4, 6, 9, 12, 15)
COUNTY_LENGTH = 6
TOWNSHIP_LENGTH = 9
VILLAGE_LENGTH = 12
CELL_LENGTH = 15
_DIGITS = re.compile(r"[0-9]+")


def is_region_code(value: object) -> bool:
    """Whether `value` is a string of digits whose length names a level."""
    return isinstance(value, str) and len(value) in CODE_LENGTHS and _DIGITS.fullmatch(value) is not None


def validate_region_code(value: str) -> None:
    """Raise `ValidationError` unless `value` is a region code."""
    if not is_region_code(value):
        raise ValidationError("区划代码应为 2、4、6、9、12 或 15 位数字。", code="bad_region_code")


class RegionCodeField(models.CharField):
    """A region code. `COLLATE "C"`, so that a prefix is a range of the index and ancestry is a prefix."""

    default_validators = [validate_region_code]

    def __init__(self, verbose_name: str = "区划代码", **kwargs: Any) -> None:
        kwargs.setdefault("max_length", CELL_LENGTH)
        kwargs.setdefault("db_collation", "C")
        super().__init__(verbose_name, **kwargs)
