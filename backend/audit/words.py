"""Audit entries in words: actions, targets, and the impersonal values beside them."""

from typing import Any


def detail_words(detail: dict[str, Any]) -> str:
    """An entry's impersonal values in words; zero counts are left out."""
    said = [f"{_KEYS.get(key, key)} {_plain(value)}" for key, value in detail.items() if value not in (0, "", None, [])]
    return "；".join(said)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(_plain, value)) if isinstance(value, list) else str(_VALUES.get(str(value), value))


_KEYS = {
    "created": "新增", "updated": "更新", "unchanged": "无变化", "refused": "未导入", "conflict": "冲突",
    "rejected": "退回", "duplicate": "重复", "state": "状态", "reason": "原因", "fields": "内容", "purpose": "用途",
    "user": "用户编号", "role": "角色", "from": "由", "to": "到", "people": "人数", "version": "版本",
    "day": "日期", "format": "格式", "left_on": "离开日期", "arrival_doubtful": "到达日期存疑",
    "name_differs": "姓名不同", "confirm": "确认方式", "changed": "更新", "count": "户数", "continues": "承接自",
    "skew_seconds": "手机时钟慢（秒）",
}  # fmt: skip
_VALUES = {
    "open": "待处置", "acknowledged": "已签收", "closed": "已办结", "handled": "已处置", "false_alarm": "误报",
    "transferred": "已移交", "report": "确认上报", "zero": "确认零报告", "name": "姓名", "phone": "电话",
    "document": "证件号码", "buildings": "楼栋范围", "leader_name": "网格长", "kind": "类型", "display_name": "姓名",
    "phone_hint": "电话尾号", "grid_worker": "网格员", "grid_leader": "网格长", "village": "村（居）委会",
    "clinic": "诊所、药店", "township": "乡镇（街道）", "county": "县（市、区）", "prefecture": "市（州）",
    "province": "省", "health": "卫生健康部门", "system_admin": "系统管理员", "auditor": "审计员",
    "address": "地址", "building": "楼栋", "unit": "单元", "floor": "楼层", "door": "门牌", "head_name": "户主姓名",
    "headcount": "人数", "occupancy": "居住情况", "care": "关爱标识", "document_type": "证件类型",
    "document_number": "证件号码", "household_id": "住户", "purposes": "登记目的", "origin_code": "来源地区划",
    "origin_text": "来源地", "transport": "交通方式", "transport_number": "车次、航班号、车牌", "via": "途经地",
    "household": "住户", "origin": "来源地区划", "arrived_on": "到达日期", "left_on": "离开日期",
    "chosen": "已处理", "void": "已作废", "stored": "已收录", "recorded": "已另行登记", "again": "请重新登记",
    "dismissed": "不需要登记",
    "moved": "搬走", "wrong_cell": "分错网格", "boundary": "边界调整", "other": "其他", "not_ours": "不属于本网格",
    "not_found": "查无此户或此人", "incomplete": "信息不全",
    "returnee": "返乡人员", "key_group": "重点人群", "suspect": "可疑症状", "family": "同住家人",
}  # fmt: skip


TARGETS = {
    "user": "用户", "duty": "职责", "device": "设备", "region": "区划", "household": "住户", "person": "人员",
    "returnee": "返乡人员", "alert": "预警", "daily_report": "日报", "policy_pack": "政策包", "exemption": "免报",
    "cells": "网格（批量导入）", "divisions": "全国区划（导入）", "carried_file": "代交文件",
    "conflict": "修改冲突", "handover": "移交", "referral": "上交记录",
    "outbox_file": "上报文件", "clock": "演示时钟", "demo": "演示数据",
}  # fmt: skip

_ACTIONS = {
    "user_created": "新建用户", "user_updated": "修改用户", "user_suspended": "停用账号", "user_resumed": "恢复账号",
    "duty_granted": "授予职责", "duty_revoked": "撤销职责", "password_reset": "重置密码",
    "password_changed": "修改密码", "password_redeemed": "用重置码设新密码", "sessions_ended": "退出所有设备",
    "device_revoked": "停用设备", "device_taken_over": "设备换人", "cell_created": "新建网格",
    "cell_updated": "修改网格", "cell_closed": "停用网格", "cells_imported": "导入网格",
    "cell_split": "拆分网格", "cells_merge": "合并网格",
    "households_create": "登记住户", "household_update": "修改住户", "household_move": "住户转网格",
    "household_close": "注销住户", "household_reopen": "恢复住户", "household_reveal": "查看住户完整信息",
    "household_call": "拨打住户电话", "person_create": "登记人员", "person_call": "拨打人员电话",
    "person_update": "修改人员", "person_move": "人员转网格", "person_reveal": "查看人员完整信息",
    "returnee_register": "登记返乡人员", "returnee_leave": "返乡人员离开", "returnee_correct": "更正到达日期",
    "returnee_return": "撤销返乡人员离开", "returnee_update": "修改返乡登记",
    "alert.acknowledge": "签收预警", "alert.close": "办结预警", "alert.reopen": "重新打开预警",
    "report.confirm": "确认日报", "report.exempt": "批准免报", "report.exempt_end": "撤销免报",
    "outbox_downloaded": "下载上报文件", "person_match": "登记时对上已有人员",
    "divisions_import": "导入区划", "policy_load": "载入政策包", "sync.push": "手机上报", "time_travelled": "演示拨钟",
    "sync.carry": "代交记录", "conflict_choose": "处理修改冲突", "conflict_reveal": "查看后报的完整内容",
    "handover_offer": "移交", "handover_accept": "签收移交", "handover_decline": "退回移交",
    "handover_withdraw": "撤回移交", "handover_void": "移交作废",
    "referral_answer": "处理上交记录", "referral_reveal": "查看上交记录的内容",
}  # fmt: skip


def action_label(action: str) -> str:
    """The action in words; its code when it has none."""
    return _ACTIONS.get(action, action)
