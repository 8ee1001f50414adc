"""Roles, capabilities, and the one table that joins them."""

from django.db import models

from backend.regions.choices import Level


class Capability(models.TextChoices):
    """What somebody may do (权限). Views and admin pages declare these; roles hold them; users never do directly."""

    SYNC = "sync", "手机同步"
    RECORD_CARRY = "record_carry", "代交记录"
    VISIT_RECORD = "visit_record", "登记走访"
    VISIT_VIEW = "visit_view", "查看走访"
    HOUSEHOLD_VIEW = "household_view", "查看住户"
    HOUSEHOLD_EDIT = "household_edit", "维护住户"
    PERSON_VIEW = "person_view", "查看人员（脱敏）"
    PERSON_REVEAL = "person_reveal", "查看完整信息（留痕）"
    PHONE_CALL = "phone_call", "拨打电话（留痕）"
    RETURNEE_REGISTER = "returnee_register", "登记返乡人员"
    RETURNEE_VIEW = "returnee_view", "查看返乡人员"
    CHECK_RECORD = "check_record", "登记健康监测"
    CHECK_VIEW = "check_view", "查看健康监测"
    CODE_VIEW = "code_view", "查看健康码状态"
    ALERT_VIEW = "alert_view", "查看预警"
    ALERT_HANDLE = "alert_handle", "处置预警"
    REPORT_VIEW = "report_view", "查看日报"
    REPORT_SUBMIT = "report_submit", "确认日报"
    REGION_VIEW = "region_view", "查看区划网格"
    CELL_EDIT = "cell_edit", "维护网格"
    DIVISION_IMPORT = "division_import", "导入区划"
    USER_VIEW = "user_view", "查看用户"
    USER_MANAGE = "user_manage", "管理用户与职责"
    PASSWORD_RESET = "password_reset", "重置密码"
    DEVICE_MANAGE = "device_manage", "管理设备"
    POLICY_VIEW = "policy_view", "查看政策规则"
    POLICY_LOAD = "policy_load", "载入政策包"
    AUDIT_VIEW = "audit_view", "查看审计"
    HEALTH_DECIDE = "health_decide", "卫生健康研判"
    OFFICE = "office", "登录管理后台"


class Role(models.TextChoices):
    """Who somebody is in the work (角色). Duty A2."""

    GRID_WORKER = "grid_worker", "网格员"
    GRID_LEADER = "grid_leader", "网格长"
    VILLAGE = "village", "村（居）委会"
    CLINIC = "clinic", "诊所、药店"
    TOWNSHIP = "township", "乡镇（街道）"
    COUNTY = "county", "县（市、区）"
    PREFECTURE = "prefecture", "市（州）"
    PROVINCE = "province", "省"
    HEALTH = "health", "卫生健康部门"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    AUDITOR = "auditor", "审计员"


C = Capability
_DOOR = frozenset({
    C.SYNC, C.VISIT_RECORD, C.VISIT_VIEW, C.HOUSEHOLD_VIEW, C.HOUSEHOLD_EDIT, C.PERSON_VIEW, C.RETURNEE_REGISTER,
    C.RETURNEE_VIEW, C.CHECK_RECORD, C.CHECK_VIEW, C.CODE_VIEW, C.ALERT_VIEW, C.ALERT_HANDLE, C.REPORT_VIEW,
    C.REGION_VIEW, C.POLICY_VIEW, C.PHONE_CALL,
})  # fmt: skip
_READ = frozenset({
    C.VISIT_VIEW, C.HOUSEHOLD_VIEW, C.PERSON_VIEW, C.RETURNEE_VIEW, C.CHECK_VIEW, C.CODE_VIEW, C.ALERT_VIEW,
    C.REPORT_VIEW, C.REGION_VIEW, C.POLICY_VIEW, C.OFFICE,
})  # fmt: skip
_STAFF = frozenset({C.USER_VIEW, C.USER_MANAGE, C.PASSWORD_RESET, C.DEVICE_MANAGE})
_DESK = frozenset({C.REPORT_SUBMIT, C.PERSON_REVEAL, C.CELL_EDIT, C.AUDIT_VIEW, C.RECORD_CARRY})

#: The one table of roles and capabilities.
CAPABILITIES_OF: dict[Role, frozenset[Capability]] = {
    Role.GRID_WORKER: _DOOR,
    Role.GRID_LEADER: _DOOR | {C.REPORT_SUBMIT},
    Role.VILLAGE: _DOOR | {C.REPORT_SUBMIT, C.RECORD_CARRY},
    Role.CLINIC: frozenset({C.SYNC, C.ALERT_VIEW, C.POLICY_VIEW, C.REGION_VIEW, C.PHONE_CALL}),
    Role.TOWNSHIP: _READ | _DOOR | _STAFF | _DESK,
    Role.COUNTY: _READ | _DOOR | _STAFF | _DESK,
    Role.PREFECTURE: _READ | _DOOR | _STAFF | _DESK,
    Role.PROVINCE: _READ | _DOOR | _STAFF | _DESK,
    Role.HEALTH: _READ
    | {C.HEALTH_DECIDE, C.PERSON_REVEAL, C.PHONE_CALL, C.ALERT_HANDLE, C.USER_VIEW, C.USER_MANAGE, C.PASSWORD_RESET},
    Role.SYSTEM_ADMIN: _STAFF | {C.REGION_VIEW, C.CELL_EDIT, C.DIVISION_IMPORT, C.POLICY_VIEW, C.POLICY_LOAD, C.OFFICE},
    Role.AUDITOR: frozenset({C.AUDIT_VIEW, C.USER_VIEW, C.REGION_VIEW, C.POLICY_VIEW, C.OFFICE}),
}
#: Granted only by a health officer one level up.
HEALTH_CAPABILITIES = frozenset({C.HEALTH_DECIDE})

#: The levels at which a duty in each role may lie.
LEVELS_OF: dict[Role, frozenset[Level]] = {
    Role.GRID_WORKER: frozenset({Level.GRID}),
    Role.GRID_LEADER: frozenset({Level.GRID}),
    Role.VILLAGE: frozenset({Level.VILLAGE}),
    Role.CLINIC: frozenset({Level.VILLAGE, Level.TOWNSHIP}),
    Role.TOWNSHIP: frozenset({Level.TOWNSHIP}),
    Role.COUNTY: frozenset({Level.COUNTY}),
    Role.PREFECTURE: frozenset({Level.PREFECTURE}),
    Role.PROVINCE: frozenset({Level.PROVINCE}),
    Role.HEALTH: frozenset({Level.TOWNSHIP, Level.COUNTY, Level.PREFECTURE, Level.PROVINCE}),
    Role.SYSTEM_ADMIN: frozenset({Level.COUNTY, Level.PREFECTURE, Level.PROVINCE}),
    Role.AUDITOR: frozenset({Level.COUNTY, Level.PREFECTURE, Level.PROVINCE}),
}

#: Where a session keeps the id of the device that opened it.
DEVICE_KEY = "device"
