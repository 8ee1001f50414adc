"""Enumerations of the door-to-door visit."""

from django.db import models


class Outcome(models.TextChoices):
    """What the worker met at the door (走访结果)."""

    SEEN_WELL = "seen_well", "都好"
    SEEN_UNWELL = "seen_unwell", "有人不适"
    NOBODY_HOME = "nobody_home", "家中无人"
    REFUSED = "refused", "拒绝"
    MOVED_AWAY = "moved_away", "已搬走"
    EMPTY = "empty", "空置"
    WRONG_ADDRESS = "wrong_address", "地址有误"


class Need(models.TextChoices):
    """What the household asks for (需求)."""

    MEDICINE = "medicine", "买药"
    FOOD = "food", "生活物资"
    HEATING = "heating", "取暖"
    HOSPITAL = "hospital", "就医"
    OTHER = "other", "其他"


#: Outcomes in which somebody of the household was met.
SEEN = (Outcome.SEEN_WELL, Outcome.SEEN_UNWELL)
#: Outcomes that settle a household for the day: nobody has to knock again.
REACHED = (*SEEN, Outcome.REFUSED, Outcome.MOVED_AWAY, Outcome.EMPTY, Outcome.WRONG_ADDRESS)
