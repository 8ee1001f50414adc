"""Enumerations of returnees."""

from django.db import models


class ReturneeState(models.TextChoices):
    """Where a returnee is (返乡人员状态)."""

    PRESENT = "present", "在本地"
    LEFT = "left", "已离开"
    MOVED = "moved", "已移交"
