"""Users, duties and devices in the office (人员与职责、设备)."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch
from django.http import HttpRequest
from django.urls import reverse

from backend.accounts.choices import Capability, Role
from backend.accounts.forms import DutyForm, NewUserForm, UserFieldsForm
from backend.accounts.models import Device, Duty, User
from backend.accounts.selectors import commands
from backend.accounts.services import (
    device_revoke,
    duty_grant,
    duty_revocable,
    duty_revoke,
    password_reset,
    user_create,
    user_suspend,
    user_update,
)
from backend.core import clock
from backend.core.admin import (
    Deed,
    DeedDone,
    Fact,
    Section,
    ServiceModelAdmin,
    Table,
    name_places,
    object_link,
)
from backend.core.office.filters import RegionFilter, choice_filter
from backend.core.office.words import days_words, mark, quiet, time_words


class DutyRegionFilter(RegionFilter):
    """Users by where they serve."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        duties = super().queryset(request, Duty.objects.in_force())
        return queryset.filter(pk__in=duties.values("user_id"))


class RoleFilter(choice_filter("role", "角色", Role)):  # type: ignore[misc]
    """Users by what they are today."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value()
        if not chosen:
            return queryset
        return queryset.filter(pk__in=Duty.objects.in_force().filter(role=chosen).values("user_id"))


def _running(user: User) -> list[Duty]:
    return list(getattr(user, "office_duties", []))


def _duties_in_words(duties: list[Any]) -> list[str]:
    """`网格员 松河社区 第一网格、第二网格`: one phrase for a role under one unit."""
    places: dict[tuple[str, str], list[str]] = {}
    for duty in sorted(duties, key=lambda d: d.region_code):
        *above, own = duty.office_path or [duty.region_code]
        places.setdefault((Role(duty.role).label, above[-1] if above else ""), []).append(own)
    return [" ".join(filter(None, [role, unit, "、".join(owned)])) for (role, unit), owned in places.items()]


class _BelowMixin:
    """Deeds on accounts reach only who stands below."""

    def reaches(self, request: HttpRequest, target: Any, capability: str) -> bool:
        user = target if isinstance(target, User) else target.user
        actor: Any = request.user
        if isinstance(target, Device) and user.pk == actor.pk:
            return True
        return commands(actor, user, capability)


@admin.register(User)
class UserAdmin(_BelowMixin, ServiceModelAdmin):
    view_capability = Capability.USER_VIEW
    list_title = "人员与职责"
    list_display = ("display_name", "username", "duty_words", "phone_hint", "last_login_words", "state")
    list_filter = (DutyRegionFilter, RoleFilter)
    search_fields = ("username", "display_name")
    search_help_text = "按用户名或姓名查"
    ordering = ("username",)
    deeds = (
        Deed(
            "new", "新建用户", Capability.USER_MANAGE, "do_new", NewUserForm, icon="person_add", tone="primary",
            on_list=True, explain="初始密码由系统生成，只显示一次；首次登录须修改。",
        ),
        Deed(
            "grant", "授予职责", Capability.USER_MANAGE, "do_grant", DutyForm, icon="assignment_ind", tone="primary",
            explain="只能授予自己拥有的权限，且不超出自己的管辖范围；卫生健康职责由上一级卫生健康部门授予。",
        ),
        Deed("edit", "修改资料", Capability.USER_MANAGE, "do_edit", UserFieldsForm, initial="initial_edit"),
        Deed(
            "reset", "重置密码", Capability.PASSWORD_RESET, "do_reset", icon="lock_reset",
            explain="原密码立即失效，所有设备退出登录。系统给出一次性重置码，24 小时内有效，请当面或电话告知本人。",
        ),
        Deed(
            "suspend", "停用账号", Capability.USER_MANAGE, "do_suspend", icon="block", tone="danger",
            explain="停用后立即退出所有设备，不能再登录；可随时恢复。", applies=lambda user: user.is_active,
        ),
        Deed(
            "resume", "恢复账号", Capability.USER_MANAGE, "do_resume", icon="undo",
            applies=lambda user: not user.is_active,
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        running = Prefetch("duties", queryset=Duty.objects.in_force(), to_attr="office_duties")
        return super().get_queryset(request).prefetch_related(running)

    def decorate(self, request: HttpRequest, rows: list[Any]) -> None:
        name_places([duty for user in rows for duty in _running(user)])

    @admin.display(description="职责")
    def duty_words(self, user: User) -> Any:
        duties = _running(user)
        if not duties:
            return quiet("无在岗职责")
        return "；".join(_duties_in_words(duties))

    @admin.display(description="最近登录", ordering="last_login")
    def last_login_words(self, user: User) -> Any:
        return time_words(user.last_login) or quiet("从未登录")

    @admin.display(description="状态")
    def state(self, user: User) -> Any:
        if not user.is_active:
            return mark("已停用", "calm")
        if user.reset_code_hash:
            return mark("待重设密码", "warn")
        return "须修改密码" if user.must_change_password else "正常"

    def sections(self, request: HttpRequest, target: User) -> list[Section]:
        return [
            Section(
                "账号",
                [
                    Fact("姓名", target.display_name),
                    Fact("用户名", target.username),
                    Fact("联系电话尾号", target.phone_hint),
                    Fact("状态", self.state(target)),
                    Fact("最近登录", self.last_login_words(target)),
                    Fact("创建时间", time_words(target.created_at)),
                ],
            )
        ]

    def tables(self, request: HttpRequest, target: User) -> list[Table]:
        visible = Duty.objects.visible_to(request.user, self.view_capability).filter(user=target)
        duties = list(visible.select_related("granted_by").order_by("revoked_at", "-valid_from")[:50])
        name_places(duties)
        devices = list(target.devices.order_by("-last_seen")[:20])
        return [
            Table(
                "职责",
                ["角色", "区划", "起止", "状态", "授予人"],
                [
                    [
                        object_link(d, Role(d.role).label),
                        d.office_place,  # type: ignore[attr-defined]
                        duty_days(d),
                        duty_state(d),
                        d.granted_by or "系统",
                    ]  # type: ignore[attr-defined]
                    for d in duties
                ],
                empty="没有职责。",
            ),
            Table(
                "设备",
                ["名称", "最近联系", "状态"],
                [[object_link(d), time_words(d.last_seen), device_state(d)] for d in devices],
                empty="还没有在手机上登录过。",
            ),
        ]

    def do_new(self, request: HttpRequest, target: None, data: dict[str, Any]) -> DeedDone:
        user, password = user_create(actor=request.user, **data)  # type: ignore[arg-type]
        return DeedDone(
            f"已新建用户“{user.display_name}”。",
            to=reverse("admin:accounts_user_change", args=[user.pk]),
            shown=[("用户名", user.username), ("初始密码", password)],
            note="初始密码只显示这一次，请告知本人；首次登录须修改。",
        )

    def do_grant(self, request: HttpRequest, target: User, data: dict[str, Any]) -> DeedDone:
        duty_grant(actor=request.user, user=target, **data)  # type: ignore[arg-type]
        return DeedDone("职责已授予。")

    def initial_edit(self, request: HttpRequest, target: User) -> dict[str, Any]:
        return {"display_name": target.display_name, "phone_hint": target.phone_hint}

    def do_edit(self, request: HttpRequest, target: User, data: dict[str, Any]) -> DeedDone:
        user_update(actor=request.user, user=target, changes=data)  # type: ignore[arg-type]
        return DeedDone("资料已修改。")

    def do_reset(self, request: HttpRequest, target: User, data: dict[str, Any]) -> DeedDone:
        code = password_reset(actor=request.user, user=target)  # type: ignore[arg-type]
        return DeedDone(
            f"已重置“{target.display_name}”的密码。",
            shown=[("一次性重置码", code)],
            note="重置码只显示这一次，24 小时内有效。本人在手机登录页选“用重置码设新密码”即可。",
        )

    def do_suspend(self, request: HttpRequest, target: User, data: dict[str, Any]) -> DeedDone:
        user_suspend(actor=request.user, user=target, suspended=True)  # type: ignore[arg-type]
        return DeedDone("账号已停用。")

    def do_resume(self, request: HttpRequest, target: User, data: dict[str, Any]) -> DeedDone:
        user_suspend(actor=request.user, user=target, suspended=False)  # type: ignore[arg-type]
        return DeedDone("账号已恢复。")


def duty_state(duty: Duty) -> Any:
    """在岗, 未开始, 已到期, 已撤销."""
    today = clock.today()
    if duty.revoked_at is not None:
        return mark(f"{time_words(duty.revoked_at)} 撤销", "calm")
    if duty.valid_from > today:
        return "未开始"
    if duty.valid_to is not None and duty.valid_to < today:
        return mark("已到期", "calm")
    return "在岗"


def duty_days(duty: Duty) -> str:
    return days_words(duty.valid_from, duty.valid_to)


def device_state(device: Device) -> Any:
    return mark(f"{time_words(device.revoked_at)} 停用", "calm") if device.revoked_at else "在用"


@admin.register(Duty)
class DutyAdmin(ServiceModelAdmin):
    view_capability = Capability.USER_VIEW
    list_display = ("holder", "role_word", "place", "days", "state", "granter")
    list_filter = (RegionFilter, choice_filter("role", "角色", Role))
    search_fields = ("user__display_name", "user__username")
    search_help_text = "按姓名或用户名查"
    list_select_related = ("user", "granted_by")
    ordering = ("region_code", "role", "pk")
    deeds = (
        Deed(
            "revoke", "撤销职责", Capability.USER_MANAGE, "do_revoke", icon="block", tone="danger",
            explain="立即生效：他不再看得到这个区划，手机上的预警连接会断开重连。",
            applies=lambda duty: duty.revoked_at is None,
        ),
    )  # fmt: skip

    def reaches(self, request: HttpRequest, target: Any, capability: str) -> bool:
        actor: Any = request.user
        return super().reaches(request, target, capability) and duty_revocable(actor=actor, duty=target)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "granted_by")

    @admin.display(description="姓名", ordering="user__display_name")
    def holder(self, duty: Duty) -> str:
        return duty.user.display_name

    @admin.display(description="角色", ordering="role")
    def role_word(self, duty: Duty) -> str:
        return Role(duty.role).label

    @admin.display(description="区划", ordering="region_code")
    def place(self, duty: Duty) -> str:
        return duty.office_place  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="起止", ordering="valid_from")
    def days(self, duty: Duty) -> str:
        return duty_days(duty)

    @admin.display(description="状态")
    def state(self, duty: Duty) -> Any:
        return duty_state(duty)

    @admin.display(description="授予人")
    def granter(self, duty: Duty) -> Any:
        return duty.granted_by or "系统"

    def page_title(self, target: Duty) -> str:
        return f"职责 {target.user.display_name} {Role(target.role).label}"

    def sections(self, request: HttpRequest, target: Duty) -> list[Section]:
        return [
            Section(
                "职责",
                [
                    Fact("姓名", object_link(target.user)),
                    Fact("角色", Role(target.role).label),
                    Fact("区划", getattr(target, "office_place", target.region_code), wide=True),
                    Fact("起止", duty_days(target)),
                    Fact("状态", duty_state(target)),
                    Fact("授予人", self.granter(target)),
                    Fact("授予时间", time_words(target.granted_at)),
                    Fact("权限", "、".join(c.label for c in Capability if c in target.capabilities), wide=True),
                ],
            )
        ]

    def do_revoke(self, request: HttpRequest, target: Duty, data: dict[str, Any]) -> DeedDone:
        duty_revoke(actor=request.user, duty=target)  # type: ignore[arg-type]
        return DeedDone("职责已撤销。")


@admin.register(Device)
class DeviceAdmin(_BelowMixin, ServiceModelAdmin):
    view_capability = Capability.USER_VIEW
    list_display = ("title", "holder", "first_seen_words", "last_seen_words", "state")
    search_fields = ("user__display_name", "user__username", "name")
    search_help_text = "按使用人或设备名称查"
    list_filter = ()
    empty_text = "还没有设备。有人在手机上登录后会出现在这里。"
    ordering = ("-last_seen",)
    deeds = (
        Deed(
            "revoke", "停用设备", Capability.DEVICE_MANAGE, "do_revoke", icon="block", tone="danger",
            explain="设备上的登录立即失效，以后也不能在这台设备上登录。丢失、被盗或换人时使用。",
            applies=lambda device: device.revoked_at is None,
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")

    @admin.display(description="设备", ordering="name")
    def title(self, device: Device) -> str:
        return device.name or f"未命名设备 {str(device.pk)[:8]}"

    @admin.display(description="使用人", ordering="user__display_name")
    def holder(self, device: Device) -> str:
        return device.user.display_name

    @admin.display(description="首次登录", ordering="first_seen")
    def first_seen_words(self, device: Device) -> str:
        return time_words(device.first_seen)

    @admin.display(description="最近联系", ordering="last_seen")
    def last_seen_words(self, device: Device) -> str:
        return time_words(device.last_seen)

    @admin.display(description="状态")
    def state(self, device: Device) -> Any:
        return device_state(device)

    def sections(self, request: HttpRequest, target: Device) -> list[Section]:
        return [
            Section(
                "设备",
                [
                    Fact("名称", self.title(target)),
                    Fact("使用人", object_link(target.user)),
                    Fact("首次登录", time_words(target.first_seen)),
                    Fact("最近联系", time_words(target.last_seen)),
                    Fact("状态", device_state(target)),
                    Fact("编号", str(target.pk), wide=True),
                ],
            )
        ]

    def do_revoke(self, request: HttpRequest, target: Device, data: dict[str, Any]) -> DeedDone:
        device_revoke(actor=request.user, device_id=target.pk)  # type: ignore[arg-type]
        return DeedDone("设备已停用。")
