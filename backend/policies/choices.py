"""The rules a pack may hold: every key with its shape. A key that is not here is refused (政策键)."""

from django.db import models

SESSIONS = ("morning", "evening")
SEVERITIES = ("urgent", "warning", "notice")
#: What a pack writes where the document is known and its wording is not at hand.
CLAUSE_NOT_HELD = "clause text not held"


class Shape(models.TextChoices):
    """What a rule's value looks like; `policies.rules` holds the check of each."""

    TEMPERATURE = "temperature", "温度"
    TEMPERATURES = "temperatures", "温度列表"
    SYMPTOMS = "symptoms", "症状列表"
    COUNT = "count", "正整数"
    SESSIONS = "sessions", "时段列表"
    TIMES = "times", "各时段时间"
    CUTOFF = "cutoff", "截止时间"
    HOURS_BY_SEVERITY = "hours_by_severity", "各级预警小时数"


#: key → (shape, unit, Chinese title). The unit of a pack's rule must be the one given here.
KEYS: dict[str, tuple[Shape, str, str]] = {
    "fever_threshold": (Shape.TEMPERATURE, "℃", "发热判定体温"),
    "temperature.presets": (Shape.TEMPERATURES, "℃", "体温快捷选项"),
    "symptoms.door": (Shape.SYMPTOMS, "", "入户走访症状"),
    "symptoms.monitoring": (Shape.SYMPTOMS, "", "健康监测症状"),
    "symptoms.school": (Shape.SYMPTOMS, "", "学校晨午晚检症状"),
    "symptoms.sentinel": (Shape.SYMPTOMS, "", "哨点可疑症状"),
    "monitoring.returnee.days": (Shape.COUNT, "day", "返乡人员健康监测天数"),
    "checks.per_day": (Shape.COUNT, "", "每日监测次数"),
    "checks.sessions": (Shape.SESSIONS, "", "每日监测时段"),
    "checks.due_by": (Shape.TIMES, "", "各时段监测截止时间"),
    "report.cutoff.grid": (Shape.CUTOFF, "", "网格日报截止"),
    "report.cutoff.village": (Shape.CUTOFF, "", "村（社区）日报截止"),
    "report.cutoff.township": (Shape.CUTOFF, "", "乡镇（街道）日报截止"),
    "report.cutoff.county": (Shape.CUTOFF, "", "县级日报截止"),
    "report.cutoff.prefecture": (Shape.CUTOFF, "", "地级日报截止"),
    "report.cutoff.province": (Shape.CUTOFF, "", "省级日报截止"),
    "report.confirm.opens": (Shape.CUTOFF, "", "日报可确认起始时间"),
    "household.unseen.days": (Shape.COUNT, "day", "住户未见面天数"),
    "alert.acknowledge.hours": (Shape.HOURS_BY_SEVERITY, "hour", "预警签收时限"),
    "handover.acknowledge.hours": (Shape.COUNT, "hour", "移交签收时限"),
    "sync.plausible_future_minutes": (Shape.COUNT, "minute", "记录时间可超前分钟数"),
    "sync.plausible_past_days": (Shape.COUNT, "day", "记录时间可滞后天数"),
    "code.symptom.days": (Shape.COUNT, "day", "症状后黄码天数"),
}
