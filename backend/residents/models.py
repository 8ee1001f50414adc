"""Households and people: the only tables that hold personal data (个人信息). Duties A1, A3. See docs/privacy.md.

Sealed columns hold what `core.keyring.seal` returns for (row id, column name); index columns hold its blind index.
Nothing here has a snapshot or history table.
"""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q

from backend.core.fields import VILLAGE_LENGTH, RegionCodeField
from backend.core.ids import new_id
from backend.core.models import ChangedModel
from backend.core.scope import Scope, ScopedQuerySet
from backend.residents.choices import (
    BlobPurpose,
    DeclineReason,
    DocumentType,
    HandOverReason,
    HandOverState,
    Occupancy,
)
from backend.residents.rules import place_text


class Span(Func):
    """`tstzrange(from, to)`: the first moment belongs to it, the last does not; no last moment means still running."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class HouseholdQuerySet(ScopedQuerySet["Household"]):
    def open(self) -> "HouseholdQuerySet":
        """Households that still exist."""
        return self.filter(closed_at=None)


class Household(ChangedModel):
    """A door and who lives behind it (住户), in exactly one grid cell. `created_at` is business time."""

    id = models.UUIDField(primary_key=True, default=new_id)
    region_code = RegionCodeField("网格")
    #: Cells it lay in before; the truth with dates is `HouseholdTenure`, this copy keeps the upload path to one query.
    previous_codes = ArrayField(models.CharField(max_length=15), verbose_name="曾属网格", default=list, blank=True)
    address = models.CharField("地址", max_length=120)
    building = models.CharField("楼栋", max_length=20, blank=True)
    unit = models.CharField("单元", max_length=10, blank=True)
    floor = models.SmallIntegerField("楼层", null=True, blank=True)
    door = models.CharField("门牌", max_length=10, blank=True)
    head_sealed = models.BinaryField("户主姓名（密）")
    head_masked = models.CharField("户主", max_length=10)
    headcount = models.PositiveSmallIntegerField("人数", default=0)
    phone_sealed = models.BinaryField("电话（密）", null=True)
    phone_index = models.BinaryField(max_length=16, null=True)
    phone_last4 = models.CharField("电话尾号", max_length=4, blank=True)
    occupancy = models.CharField("居住情况", max_length=10, choices=Occupancy.choices, default=Occupancy.OCCUPIED.value)
    care = ArrayField(models.CharField(max_length=20), verbose_name="关爱标识", default=list, blank=True)
    sort_key = models.TextField("走访顺序", db_collation="C")
    search_text = models.TextField("检索文本")
    version = models.PositiveIntegerField("版本", default=1)
    #: Field → when and by whom it last changed: tells a stale edit from one that merely began earlier.
    field_marks = models.JSONField(default=dict)
    created_at = models.DateTimeField("登记时间")
    closed_at = models.DateTimeField("注销时间", null=True, blank=True)

    objects: ClassVar[HouseholdQuerySet] = HouseholdQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "住户"
        verbose_name_plural = "住户"
        indexes = [
            models.Index(fields=["region_code", "sort_key", "id"], name="household_walk"),
            models.Index(fields=["region_code", "changed_xid", "id"], name="household_cell_changed"),
            models.Index(fields=["changed_xid", "id"], name="household_changed"),
            models.Index(fields=["phone_index"], name="household_phone", condition=Q(phone_index__isnull=False)),
            GinIndex(OpClass(F("search_text"), name="gin_trgm_ops"), name="household_search"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(headcount__lte=50), name="household_headcount"),
            models.CheckConstraint(condition=Q(region_code__regex=r"^[0-9]{15}$"), name="household_in_a_cell"),
        ]

    def __str__(self) -> str:
        return self.place

    @property
    def place(self) -> str:
        """Where the door is, without a name: `3幢2单元501`."""
        return place_text(self.address, self.building, self.unit, self.door)


class HouseholdTenure(models.Model):
    """Which cell a household lay in, from when to when (归属). Figures "as of T" count households from here."""

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="tenures", verbose_name="住户")
    region_code = RegionCodeField("网格")
    valid_from = models.DateTimeField("起")
    valid_to = models.DateTimeField("止", null=True, blank=True)

    objects: ClassVar[ScopedQuerySet["HouseholdTenure"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "住户归属"
        verbose_name_plural = "住户归属"
        indexes = [models.Index(fields=["region_code", "valid_from"], name="tenure_cell")]
        constraints = [
            # A household lies in one cell at a time. GiST finds the overlap and the household in one index.
            ExclusionConstraint(
                name="tenure_one_cell_at_a_time",
                expressions=[
                    ("household", RangeOperators.EQUAL),
                    (Span("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]


class Person(ChangedModel):
    """A person on record for a purpose (登记人员). `region_code` is the cell responsible now."""

    id = models.UUIDField(primary_key=True, default=new_id)
    region_code = RegionCodeField("责任网格")
    previous_codes = ArrayField(models.CharField(max_length=15), verbose_name="曾属网格", default=list, blank=True)
    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, null=True, blank=True, related_name="people", verbose_name="住户"
    )
    address = models.CharField("住址（无住户时）", max_length=120, blank=True)
    name_sealed = models.BinaryField("姓名（密）")
    name_masked = models.CharField("姓名", max_length=10)
    document_type = models.CharField("证件类型", max_length=10, choices=DocumentType.choices, blank=True)
    document_sealed = models.BinaryField("证件号码（密）", null=True)
    document_index = models.BinaryField(max_length=16, null=True)
    #: The area part of the identity number is abolished or was never a county: a reason to look twice, no more.
    document_area_unknown = models.BooleanField("证件地区代码不在现行区划", default=False)
    phone_sealed = models.BinaryField("电话（密）", null=True)
    phone_index = models.BinaryField(max_length=16, null=True)
    phone_last4 = models.CharField("电话尾号", max_length=4, blank=True)
    purposes = ArrayField(models.CharField(max_length=10), verbose_name="登记目的")
    version = models.PositiveIntegerField("版本", default=1)
    field_marks = models.JSONField(default=dict)
    created_at = models.DateTimeField("登记时间")

    objects: ClassVar[ScopedQuerySet["Person"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "人员"
        verbose_name_plural = "人员"
        indexes = [
            models.Index(fields=["region_code", "id"], name="person_cell"),
            models.Index(fields=["region_code", "changed_xid", "id"], name="person_cell_changed"),
            models.Index(fields=["phone_index"], name="person_phone", condition=Q(phone_index__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["document_index"], condition=Q(document_index__isnull=False), name="person_one_per_document"
            ),
            models.CheckConstraint(condition=Q(purposes__len__gt=0), name="person_has_a_purpose"),
            models.CheckConstraint(condition=Q(region_code__regex=r"^[0-9]{15}$"), name="person_in_a_cell"),
        ]

    def __str__(self) -> str:
        return self.name_masked

    @property
    def place(self) -> str:
        """The household's door, or the address given in its stead."""
        return self.household.place if self.household is not None else self.address


class PersonAlias(models.Model):
    """An id that a phone made for somebody who turned out to be on record already; it keeps meaning that person."""

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases", verbose_name="人员")

    class Meta:
        verbose_name = "人员别名"
        verbose_name_plural = "人员别名"


class HandOverQuerySet(ScopedQuerySet["HandOver"]):
    """Both sides see a hand-over: who gives, who takes, and, where a village is asked, each of its cells."""

    def within(self, scope: Scope) -> "HandOverQuerySet":
        if not scope:
            return self.none()
        villages = {code[:VILLAGE_LENGTH] for code in scope if len(code) > VILLAGE_LENGTH}
        return self.filter(scope.q("from_region") | scope.q("to_region") | Q(to_region__in=villages))


class HandOver(ChangedModel):
    """A household, or a person who lives in none, on its way from one cell to another (移交). See docs/hand-over.md.

    `id` is the item's that offered it. The giver stays responsible until `state` is accepted. `to_region` is a cell, or
    a village that names the `cell` when it accepts. `offered_at` is the phone's corrected time and `received_at` the
    server's: the clock runs from the receipt to `due_at`, so that a phone without network costs nobody his time;
    `answered_at` and `answer_received_at` likewise. `place` is the door, without a name. Notes are sealed.
    """

    id = models.UUIDField(primary_key=True)
    household = models.ForeignKey(
        Household, on_delete=models.CASCADE, null=True, related_name="handovers", verbose_name="住户"
    )
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, null=True, related_name="handovers", verbose_name="人员"
    )
    place = models.CharField("位置", max_length=200)
    from_region = RegionCodeField("移出网格")
    to_region = RegionCodeField("移入网格或村（社区）")
    reason = models.CharField("移交原因", max_length=10, choices=HandOverReason.choices)
    note_sealed = models.BinaryField("移交说明（密）", null=True)
    author_id = models.BigIntegerField("移交人", null=True)
    author_name = models.CharField("移交人", max_length=60)
    offered_at = models.DateTimeField("移交时间")
    received_at = models.DateTimeField("收到时间")
    due_at = models.DateTimeField("签收时限")
    rule_version = models.CharField("规则版本", max_length=80)
    clause = models.CharField("条款", max_length=200)
    state = models.CharField(
        "状态", max_length=10, choices=HandOverState.choices, default=HandOverState.OFFERED.value
    )  # fmt: skip
    cell = RegionCodeField("签收网格", blank=True)
    decline_reason = models.CharField("退回原因", max_length=10, choices=DeclineReason.choices, blank=True)
    answer_note_sealed = models.BinaryField("答复说明（密）", null=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    answer_received_at = models.DateTimeField("收到答复时间", null=True)
    answered_by_id = models.BigIntegerField("答复人", null=True)
    answered_by_name = models.CharField("答复人", max_length=60, blank=True)

    objects: ClassVar[HandOverQuerySet] = HandOverQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "移交"
        verbose_name_plural = "移交"
        indexes = [
            models.Index(fields=["from_region", "-received_at"], name="handover_from"),
            models.Index(fields=["to_region", "-received_at"], name="handover_to"),
            models.Index(fields=["changed_xid", "id"], name="handover_changed"),
            models.Index(fields=["due_at"], name="handover_due", condition=Q(state="offered")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(state="offered"), name="handover_one_per_household"
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(state="offered"), name="handover_one_per_person"),
            models.CheckConstraint(
                condition=Q(household__isnull=False, person=None) | Q(household=None, person__isnull=False),
                name="handover_of_one",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", answered_at=None)
                | (~Q(state="offered") & Q(answered_at__isnull=False, answer_received_at__isnull=False)),
                name="handover_state_consistent",
            ),
        ]

    def __str__(self) -> str:
        return self.place

    @property
    def late(self) -> bool:
        """Whether it was answered after its time was up."""
        return self.answered_at is not None and self.answered_at > self.due_at


class SealedBlob(models.Model):
    """Bytes that may identify somebody, sealed, for one purpose, until a day (密存内容)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    purpose = models.CharField("用途", max_length=20, choices=BlobPurpose.choices)
    region_code = RegionCodeField("区划", blank=True)
    sealed = models.BinaryField("内容（密）")
    author_id = models.BigIntegerField("提交人", null=True)
    created_at = models.DateTimeField("留存时间")
    expires_at = models.DateTimeField("到期时间")

    objects: ClassVar[ScopedQuerySet["SealedBlob"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "密存内容"
        verbose_name_plural = "密存内容"
        indexes = [models.Index(fields=["expires_at"], name="sealedblob_expiry")]
