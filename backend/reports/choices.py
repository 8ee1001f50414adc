"""Enumerations of the daily report: what a unit-day says, and how it came to say it. Duties E1, E2."""

from django.db import models


class Value(models.TextChoices):
    """What a unit-day says (上报值). Four different things everywhere: database, screens, exports."""

    N = "n", "有数"
    ZERO = "zero", "零报告"
    MISSING = "missing", "未报"
    EXEMPT = "exempt", "免报"


class State(models.TextChoices):
    """How far a unit-day has come (上报状态)."""

    RUNNING = "running", "进行中"
    SUBMITTED = "submitted", "自动上报"
    CONFIRMED = "confirmed", "已确认"
    MISSING = "missing", "未报"
    EXEMPT = "exempt", "免报"
    #: No grid cell lies below this region: nothing is expected of it, and it is no alarm.
    INACTIVE = "inactive", "未启用"


class Kind(models.TextChoices):
    """What an indicator counts (指标类型)."""

    STOCK = "stock", "存量"
    FLOW = "flow", "当日量"
    #: An event is news: a report in which every event is 0 is a zero report.
    EVENT = "event", "事件"
    DERIVED = "derived", "计算"


class Group(models.TextChoices):
    """What an indicator is about (指标分组): the columns of the day's tree stand in these groups."""

    VISITS = "visits", "走访"
    MONITORING = "monitoring", "返乡与监测"
    ALERTS = "alerts", "症状与预警"


class Confirm(models.TextChoices):
    """What somebody states when he confirms a day (确认方式)."""

    REPORT = "report", "确认上报"
    ZERO = "zero", "确认零报告"


class FileFormat(models.TextChoices):
    """The formats of the file that goes up each day."""

    CSV = "csv", "CSV"
    JSON = "json", "JSON"
