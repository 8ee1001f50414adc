"""Kinds of item a phone may send."""

from django.db import models


class ItemKind(models.TextChoices):
    """What an uploaded item records, in the order in which items of one batch are stored."""

    HOUSEHOLD = "household", "住户"
    RETURNEE = "returnee", "返乡登记"
    VISIT = "visit", "走访"
    CHECK = "check", "健康监测"
