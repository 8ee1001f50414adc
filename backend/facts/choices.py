"""Enumerations that every kind of fact shares."""

from django.db import models

from backend.core.symptoms import Symptom

__all__ = ["Symptom", "Verdict"]


class Verdict(models.TextChoices):
    """What became of one uploaded item."""

    CREATED = "created", "已入库"
    DUPLICATE = "duplicate", "重复上报"
    CONFLICT = "conflict", "冲突"
    REJECTED = "rejected", "退回"
