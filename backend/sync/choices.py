"""Kinds of item a phone may send, and what becomes of edits that clash."""

from django.db import models


class ItemKind(models.TextChoices):
    """What an uploaded item records, in the order in which items of one batch are stored."""

    HOUSEHOLD = "household", "住户"
    RETURNEE = "returnee", "返乡登记"
    HOUSEHOLD_EDIT = "household_edit", "修改住户"
    PERSON_EDIT = "person_edit", "修改人员"
    RETURNEE_EDIT = "returnee_edit", "修改返乡登记"
    CONFLICT_CHOICE = "conflict_choice", "处理修改冲突"
    HANDOVER = "handover", "移交"
    HANDOVER_ANSWER = "handover_answer", "答复移交"
    REFERRAL = "referral", "上交记录"
    VISIT = "visit", "走访"
    CHECK = "check", "健康监测"


class EditKind(models.TextChoices):
    """What an edit may be of; the values are those of `ItemKind`."""

    HOUSEHOLD = ItemKind.HOUSEHOLD_EDIT.value, "住户"
    PERSON = ItemKind.PERSON_EDIT.value, "人员"
    RETURNEE = ItemKind.RETURNEE_EDIT.value, "返乡登记"


class ConflictState(models.TextChoices):
    """What became of a field that two people changed. Void: the record is no longer there."""

    OPEN = "open", "待处理"
    CHOSEN = "chosen", "已处理"
    VOID = "void", "已作废"


class Choice(models.TextChoices):
    """Whose value stays: of who came second, or of who was first."""

    MINE = "mine", "后报的"
    THEIRS = "theirs", "现有的"


class ReferralState(models.TextChoices):
    """What the office made of a record that was handed up; the phone is told it in these words."""

    OPEN = "open", "待处理"
    STORED = "stored", "已收录"
    RECORDED = "recorded", "已另行登记"
    AGAIN = "again", "请重新登记"
    DISMISSED = "dismissed", "不需要登记"
