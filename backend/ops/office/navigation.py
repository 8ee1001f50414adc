"""The sidebar: sections by the work, each item for who holds its capability. See docs/office.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from backend.accounts.choices import Capability

#: (section, ((title, icon, route, capability), …))
SECTIONS: tuple[tuple[str, tuple[tuple[str, str, str, Capability], ...]], ...] = (
    (
        "今日",
        (
            ("今日工作", "today", "admin:index", Capability.OFFICE),
            ("预警", "notifications", "admin:alerts_alert_changelist", Capability.ALERT_VIEW),
        ),
    ),
    (
        "上报",
        (
            ("日报总览", "account_tree", "admin:day_tree", Capability.REPORT_VIEW),
            ("上报文件", "folder_zip", "admin:reports_outboxfile_changelist", Capability.REPORT_VIEW),
            ("免报", "event_busy", "admin:reports_exemption_changelist", Capability.REPORT_VIEW),
        ),
    ),
    (
        "人与户",
        (
            ("返乡人员", "luggage", "admin:returnees_returnee_changelist", Capability.RETURNEE_VIEW),
            ("健康监测", "thermostat", "admin:health_monitoring_changelist", Capability.CHECK_VIEW),
            ("健康码状态", "qr_code_2", "admin:health_codestatus_changelist", Capability.CODE_VIEW),
            ("住户", "home", "admin:residents_household_changelist", Capability.HOUSEHOLD_VIEW),
            ("登记人员", "badge", "admin:residents_person_changelist", Capability.PERSON_VIEW),
            ("移交", "swap_horiz", "admin:residents_handover_changelist", Capability.HOUSEHOLD_EDIT),
            ("修改冲突", "call_merge", "admin:sync_editconflict_changelist", Capability.HOUSEHOLD_VIEW),
        ),
    ),
    (
        "记录",
        (
            ("走访记录", "directions_walk", "admin:visits_visit_changelist", Capability.VISIT_VIEW),
            ("测温记录", "monitor_heart", "admin:health_dailycheck_changelist", Capability.CHECK_VIEW),
            ("上交记录", "move_up", "admin:sync_referral_changelist", Capability.RECORD_CARRY),
            ("代交文件", "drive_folder_upload", "admin:sync_carriedfile_changelist", Capability.RECORD_CARRY),
        ),
    ),
    (
        "队伍",
        (
            ("区划与网格", "grid_view", "admin:regions_region_changelist", Capability.REGION_VIEW),
            ("人员与职责", "groups", "admin:accounts_user_changelist", Capability.USER_VIEW),
            ("设备", "smartphone", "admin:accounts_device_changelist", Capability.USER_VIEW),
            ("手机日清", "phonelink_ring", "admin:phones", Capability.USER_VIEW),
        ),
    ),
    (
        "设置",
        (
            ("政策规则", "gavel", "admin:policies_policyrule_changelist", Capability.POLICY_VIEW),
            ("审计", "policy", "admin:audit_auditentry_changelist", Capability.AUDIT_VIEW),
        ),
    ),
)


def _holds(capability: Capability) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_capability(capability)  # type: ignore[union-attr]


def _active(url: str) -> Callable[[HttpRequest], bool]:
    exact = url == reverse("admin:index")
    return lambda request: request.path == url if exact else request.path.startswith(url)


#: Pages that stand below an item of the sidebar without being one: (their address, the item's).
_BELOW = (("admin:accounts_duty_changelist", "admin:accounts_user_changelist"),)


@dataclass(frozen=True)
class Step:
    """One step of the way to a page (所在位置); without an address it is only said."""

    title: str
    url: str = ""


def steps_to(path: str) -> list[Step]:
    """The section and, below a list, the list itself; the page's own title follows as its heading."""
    for below, item in _BELOW:
        if path.startswith(reverse(below)):
            return [*steps_to(reverse(item)), Step(_title_of(item), reverse(item))]
    for section, items in SECTIONS:
        for title, _, route, _ in items:
            url = reverse(route)
            if path == url:
                return [Step(section)]
            if path.startswith(url) and url != reverse("admin:index"):
                return [Step(section), Step(title, url)]
    return []


def _title_of(route: str) -> str:
    return next(title for _, items in SECTIONS for title, _, wanted, _ in items if wanted == route)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What Unfold draws at the left."""
    groups: list[dict[str, Any]] = []
    for title, items in SECTIONS:
        made = []
        for name, icon, route, capability in items:
            url = reverse(route)
            made.append({
                "title": name, "icon": icon, "link": url, "permission": _holds(capability), "active": _active(url),
            })  # fmt: skip
        groups.append({"title": title, "items": made})
    return groups
