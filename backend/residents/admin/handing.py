"""The form that offers a household or a person to another cell (移交), and the deed behind it."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest

from backend.core.admin import DeedDone, DeedForm
from backend.core.fields import TOWNSHIP_LENGTH, VILLAGE_LENGTH
from backend.core.ids import new_id
from backend.regions.choices import Level
from backend.regions.formfields import labels_of
from backend.regions.models import Region
from backend.residents.choices import HandOverReason
from backend.residents.models import Household
from backend.residents.services import handover_offer

OFFER_EXPLAIN = "由另一个网格或村（社区）签收后才转过去；在那之前仍由现在的网格负责，可以随时撤回。"


class NoteForm(DeedForm):
    """A deed with a note; a subclass puts its own fields first."""

    note = forms.CharField(
        label="说明", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="可不填。加密保存，只在管理后台显示。",
    )  # fmt: skip


class OfferForm(NoteForm):
    """Where to: the other cells of the village, and the villages of the township, as on the phone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cell: str = self.target.region_code
        near = Q(level=Level.GRID, parent_code=cell[:VILLAGE_LENGTH]) | Q(
            level=Level.VILLAGE, code__startswith=cell[:TOWNSHIP_LENGTH]
        )
        rows = Region.objects.real().filter(near, valid_to=None).exclude(code=cell).order_by("-level", "code")
        self.fields["to"] = forms.ChoiceField(label="移交给", choices=[("", "请选择"), *labels_of(rows)])
        self.fields["reason"] = forms.ChoiceField(label="移交原因", choices=HandOverReason.choices)
        self.order_fields(["to", "reason", "note"])


def offer(request: HttpRequest, target: Any, data: dict[str, Any]) -> DeedDone:
    """Offer `target`, which the caller may edit."""
    about = {"household_id": target.pk} if isinstance(target, Household) else {"person_id": target.pk}
    handover_offer(
        id=new_id(), to_region=data["to"], reason=HandOverReason(data["reason"]), note=data["note"],
        actor=request.user, **about,
    )  # fmt: skip
    return DeedDone("已移交，等待对方签收；签收之前仍由现在的网格负责。")
