"""Enumerations of households and people."""

from django.db import models


class Occupancy(models.TextChoices):
    """Who lives behind the door (居住情况)."""

    OCCUPIED = "occupied", "常住"
    EMPTY = "empty", "空置"
    RENTED = "rented", "出租"
    OWNER_AWAY = "owner_away", "户主在外"


class Care(models.TextChoices):
    """Who in the household needs looking after (关爱标识): supplies, medicine, heating. Duty E8."""

    ELDERLY_ALONE = "elderly_alone", "独居老人"
    DISABLED = "disabled", "残疾人"
    PREGNANT = "pregnant", "孕产妇"
    INFANT = "infant", "婴幼儿"
    CHRONIC = "chronic", "慢性病患者"
    DIALYSIS = "dialysis", "透析患者"
    LEFT_BEHIND_CHILD = "left_behind_child", "留守儿童"
    OTHER = "other", "其他"


class DocumentType(models.TextChoices):
    """Kinds of identity document (证件类型)."""

    ID_CARD = "id_card", "居民身份证"
    PASSPORT = "passport", "护照"
    HK_MACAU = "hk_macau", "港澳居民来往内地通行证"
    TAIWAN = "taiwan", "台湾居民来往大陆通行证"
    OTHER = "other", "其他证件"


class Purpose(models.TextChoices):
    """Why a person may be on record at all (登记目的). Without one, no person is stored."""

    RETURNEE = "returnee", "返乡人员"
    KEY_GROUP = "key_group", "重点人群"
    SUSPECT = "suspect", "可疑症状者"
    FAMILY = "family", "同住家庭成员"


class RevealField(models.TextChoices):
    """What a reveal may show (查看内容)."""

    NAME = "name", "姓名"
    PHONE = "phone", "电话"
    DOCUMENT = "document", "证件号码"


class CallPurpose(models.TextChoices):
    """Why somebody is telephoned (拨打用途)."""

    VISIT = "visit", "走访联系"
    CHECK = "check", "健康监测联系"
    ALERT = "alert", "处置预警联系"


class HandOverReason(models.TextChoices):
    """Why a household or a person is handed over (移交原因)."""

    MOVED = "moved", "搬走"
    WRONG_CELL = "wrong_cell", "分错网格"
    BOUNDARY = "boundary", "边界调整"
    OTHER = "other", "其他"


class HandOverState(models.TextChoices):
    """Where a hand-over stands (移交状态). Void: it was moved or taken out of use otherwise meanwhile."""

    OFFERED = "offered", "等待签收"
    ACCEPTED = "accepted", "已签收"
    DECLINED = "declined", "已退回"
    WITHDRAWN = "withdrawn", "已撤回"
    VOID = "void", "已作废"


class DeclineReason(models.TextChoices):
    """Why a hand-over is sent back (退回原因)."""

    NOT_OURS = "not_ours", "不属于本网格"
    NOT_FOUND = "not_found", "查无此户或此人"
    INCOMPLETE = "incomplete", "信息不全"
    OTHER = "other", "其他"


class BlobPurpose(models.TextChoices):
    """Why a sealed blob is kept (留存用途)."""

    REJECTED_ITEM = "rejected_item", "退回的上报内容"
    REFERRED_ITEM = "referred_item", "上交的记录"
    UPLOADED_FILE = "uploaded_file", "上传的文件"
