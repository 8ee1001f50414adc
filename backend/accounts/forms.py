"""Forms of the office about users and duties: they offer what the user may hand out; the services decide."""

from typing import Any

from django import forms

from backend.accounts.choices import CAPABILITIES_OF, HEALTH_CAPABILITIES, LEVELS_OF, Capability, Role
from backend.core import clock
from backend.core.admin import DeedForm, day_field
from backend.regions.formfields import region_field


class DutyForm(DeedForm):
    """A role, a region and the days."""

    role = forms.ChoiceField(label="角色")
    region = forms.CharField(label="区划", max_length=15)
    valid_from = day_field("起始日期")
    valid_to = day_field("终止日期", required=False, help_text="不填为长期。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.for_user.capabilities
        roles = [role for role in Role if {c.value for c in CAPABILITIES_OF[role] - HEALTH_CAPABILITIES} <= held]
        self.fields["role"] = forms.ChoiceField(
            label="角色",
            choices=[("", "请选择"), *((r.value, r.label) for r in roles)],
            error_messages={"required": "请选择角色。"},
        )
        self.fields["valid_from"].initial = clock.today()
        levels = {level.value for role in roles for level in LEVELS_OF[role]}
        self.fields["region"] = region_field(self.for_user, Capability.USER_MANAGE, sorted(levels), label="区划")


class NewUserForm(DutyForm):
    username = forms.CharField(label="用户名", max_length=40, help_text="3–40 位小写字母、数字或 . _ -，用于登录。")
    display_name = forms.CharField(label="姓名", max_length=40)
    phone_hint = forms.CharField(label="联系电话尾号", max_length=4, required=False, help_text="后四位，便于核对本人。")

    field_order = ["username", "display_name", "phone_hint", "role", "region", "valid_from", "valid_to"]


class UserFieldsForm(DeedForm):
    display_name = forms.CharField(label="姓名", max_length=40)
    phone_hint = forms.CharField(label="联系电话尾号", max_length=4, required=False)
