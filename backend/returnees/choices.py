"""Enumerations of returnees."""

from django.db import models


class ReturneeState(models.TextChoices):
    """Where a returnee is (返乡人员状态)."""

    PRESENT = "present", "在本地"
    LEFT = "left", "已离开"
    MOVED = "moved", "已移交"


class Transport(models.TextChoices):
    """How somebody came (交通方式)."""

    TRAIN = "train", "火车"
    PLANE = "plane", "飞机"
    COACH = "coach", "客车"
    CAR = "car", "自驾"
    SHIP = "ship", "船"
    OTHER = "other", "其他"
