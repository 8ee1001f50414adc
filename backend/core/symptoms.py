"""Symptoms (症状): the codes a worker can tick and their Chinese names, shared by facts, rules and alerts."""

from django.db import models


class Symptom(models.TextChoices):
    """Symptoms a worker can tick. Which of them matter in which context is a dated rule (policy `symptoms.*`)."""

    FEVER = "fever", "发热"
    DRY_COUGH = "dry_cough", "干咳"
    FATIGUE = "fatigue", "乏力"
    SORE_THROAT = "sore_throat", "咽痛"
    LOSS_SMELL_TASTE = "loss_smell_taste", "嗅（味）觉减退"
    DIARRHOEA = "diarrhoea", "腹泻"
    OTHER = "other", "其他不适"
