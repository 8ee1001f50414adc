"""Returnees (返乡人员): who came back, from where, when, and whether they are still here. Duty A3.

See docs/returnees.md.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from backend.core.fields import RegionCodeField
from backend.core.models import ChangedModel
from backend.core.scope import ScopedQuerySet
from backend.residents.models import Person
from backend.returnees.choices import ReturneeState, Transport


class Returnee(ChangedModel):
    """One return of one person to one cell. Name, document and phone lie with the person in `residents` alone.

    `registered_at` is when it was written down (the phone's time, corrected), `registered_day` its business day;
    `received_at` and `left_received_at` are when the server learnt of the registration and of the leaving, in business
    time: what a cut-off could know. A move to another cell closes the row (`moved`) and opens one there that names it
    (`continues_id`); so does a leaving taken back, in the same cell. Such a row is not a new return, and counts from
    the day on which it was made.
    """

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="returns", verbose_name="人员")
    region_code = RegionCodeField("网格")
    origin_code = RegionCodeField("来源地区划", blank=True)
    origin_text = models.CharField("来源地", max_length=60, blank=True)
    arrived_on = models.DateField("到达日期")
    #: Arrived longer ago than the plausible past: stored, shown, and to be checked by the office.
    arrival_doubtful = models.BooleanField("到达日期存疑", default=False)
    #: The term that followed, both days inclusive; None where no rule asked for one. A copy of `health.Monitoring`.
    monitor_from = models.DateField("监测起始", null=True)
    monitor_to = models.DateField("监测期满", null=True)
    transport = models.CharField("交通方式", max_length=10, choices=Transport.choices, blank=True)
    #: Train, flight or plate; this and `via` are kept for the term (`returnees_forget_travel`).
    transport_number = models.CharField("车次、航班号、车牌", max_length=40, blank=True)
    via = models.CharField("途经地", max_length=120, blank=True)
    state = models.CharField("状态", max_length=10, choices=ReturneeState.choices, default=ReturneeState.PRESENT)
    left_on = models.DateField("离开日期", null=True)
    left_received_at = models.DateTimeField("离开登记时间", null=True)
    registered_at = models.DateTimeField("登记时间")
    registered_day = models.DateField("登记业务日")
    received_at = models.DateTimeField("接收时间")
    author_id = models.BigIntegerField("登记人")
    author_name = models.CharField("登记人", max_length=60)
    device_id = models.UUIDField("设备", null=True)
    continues_id = models.UUIDField("承接自", null=True)
    version = models.PositiveIntegerField("版本", default=1)
    #: Field → when and by whom it last changed; see docs/edits.md.
    field_marks = models.JSONField(default=dict)

    objects: ClassVar[ScopedQuerySet["Returnee"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "返乡人员"
        verbose_name_plural = "返乡人员"
        indexes = [
            models.Index(fields=["region_code", "registered_day"], name="returnee_cell_day"),
            models.Index(fields=["region_code", "state"], name="returnee_cell_state"),
            models.Index(fields=["changed_xid"], name="returnee_changed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(state="present"), name="returnee_present_once"),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(left_on__gte=F("arrived_on")), name="returnee_days_in_order"
            ),
        ]
