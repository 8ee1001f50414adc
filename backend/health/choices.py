"""Enumerations of health monitoring and of the health-code status."""

from django.db import models


class Session(models.TextChoices):
    """The part of the day a check belongs to (监测时段). Policy `checks.sessions` says which are owed."""

    MORNING = "morning", "早"
    EVENING = "evening", "晚"


class Method(models.TextChoices):
    """How the temperature was learnt (监测方式)."""

    DOOR = "door", "上门"
    PHONE = "phone", "电话"
    SELF = "self", "自报"


class MonitoringKind(models.TextChoices):
    """Why somebody is monitored (监测事由)."""

    RETURNEE = "returnee", "返乡健康监测"


class MonitoringState(models.TextChoices):
    """Where a monitoring stands (监测状态). Only the days of the first two ask for checks."""

    ACTIVE = "active", "监测中"
    ENDED = "ended", "已期满"
    LEFT = "left", "已离开"
    MOVED = "moved", "已移交"
    CANCELLED = "cancelled", "已撤销"


class Colour(models.TextChoices):
    """The health-code status (健康码状态). Derived by `health.rules`; no service takes one."""

    GREEN = "green", "绿码"
    YELLOW = "yellow", "黄码"


class DueState(models.TextChoices):
    """What became of one expected check (应测状态)."""

    DONE = "done", "已测"
    DUE = "due", "待测"
    MISSED = "missed", "漏测"


class Trigger(models.TextChoices):
    """What asked for a code decision (研判触发)."""

    REGISTRATION = "registration", "登记"
    CHECK = "check", "监测记录"
    VISIT = "visit", "走访发现"
    MONITORING_END = "monitoring_end", "监测结束"
    SWEEP = "sweep", "每日复核"
