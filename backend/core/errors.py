"""Errors: one shape on the wire, one list of codes.

    {"code": "unknown_household", "message": "找不到这户。…", "field": "household", "detail": {…}}

`field` and `detail` are present only when there is something to say. Every answer of status 400 and above from
`/api/`, every verdict of a sync item and every refusal in the admin takes its code and its Chinese sentence from
`ErrorCode`. The sentence says what happened and what to do. See docs/errors.md.

ApiError
    raised anywhere below a view; carries code, HTTP status, field and detail
"""

import enum
from typing import Any


class ErrorCode(enum.Enum):
    """`NAME = (HTTP status, Chinese message)`; the code on the wire is the lower-case name."""

    # the request itself
    NOT_JSON = (400, "请求内容不是有效的 JSON，请重新提交。")
    BAD_REQUEST = (400, "请求内容有误，请检查后重新提交。")
    MISSING_FIELD = (400, "缺少必填项，请补充后重新提交。")
    UNKNOWN_FIELD = (400, "含有不认识的字段，请更新应用后重新提交。")
    BAD_FIELD = (400, "填写的内容不符合要求，请检查后修改。")
    BAD_CURSOR = (400, "同步位置无效，请从头同步。")
    NOT_SIGNED_IN = (401, "尚未登录或登录已过期，请重新登录。已填写的内容不会丢失。")
    BAD_CREDENTIALS = (401, "用户名或密码不正确。")
    FORBIDDEN = (403, "您的职责不包含此项操作，请联系上级管理员。")
    BAD_ORIGIN = (403, "请求来源不被允许，请从本系统页面操作。")
    CSRF_FAILED = (403, "页面已过期，请刷新后重试。")
    DEVICE_REVOKED = (403, "这台设备已被停用，请联系乡镇（街道）管理员。")
    PASSWORD_CHANGE_REQUIRED = (403, "首次登录请先修改密码。")
    NOT_FOUND = (404, "没有找到，或不在您的管辖范围内。")
    METHOD_NOT_ALLOWED = (405, "不支持这种操作方式。")
    NOT_ACCEPTABLE = (406, "不支持所要求的返回格式。")
    WRONG_STATE = (409, "当前状态下不能这样操作，请刷新后查看。")
    ID_REUSED = (409, "同一编号已用于另一条记录，本条未保存，请重新填写。")
    EDITED_ELSEWHERE = (409, "这条信息已被他人修改，请核对后再保存。")
    TOO_LARGE = (413, "一次提交的内容过大，请分批提交。")
    UNSUPPORTED_MEDIA = (415, "不支持这种内容类型，请以 JSON 提交。")
    APP_TOO_OLD = (426, "应用版本太旧，请更新后再用。手机里的记录照常上报，不会丢失。")
    LOCKED_OUT = (429, "密码错误次数过多，账号在此地址暂时锁定，请十五分钟后再试，或联系上级重置密码。")
    TOO_MANY_REQUESTS = (429, "操作过于频繁，请稍后再试。")
    BUSY = (429, "上报的人较多，请稍候，系统会自动重试。已填写的内容不会丢失。")
    INTERNAL = (500, "系统出现故障，已记录。您的内容仍在手机上，请稍后重试。")
    UNAVAILABLE = (503, "系统暂时不可用，请稍后重试。已填写的内容不会丢失。")

    # verdicts of sync items
    UNKNOWN_KIND = (400, "不认识的记录类型，请更新应用后再上报。")
    UNKNOWN_SCHEMA = (
        400,
        "这条记录是旧版应用做的，现在收不了，仍留在手机里。请更新应用，打开这条记录核对后重新上报；还不行，请交给乡镇（街道）。",
    )
    UNKNOWN_HOUSEHOLD = (400, "找不到这户，或不在您的网格内，请联系村（社区）核对。")
    UNKNOWN_PERSON = (400, "找不到此人，或不在您的网格内，请联系村（社区）核对。")
    UNKNOWN_REGION = (400, "找不到这个区划，或不在您的管辖范围内。")
    NOT_UNDER_MONITORING = (400, "此人当天不在健康监测期内，请核对日期。")
    ALREADY_REGISTERED = (409, "该证件已登记在册，请联系乡镇（街道）核对。")
    ARRIVAL_IN_FUTURE = (400, "到达日期不能晚于今天，请核对。")
    ARRIVAL_AFTER_REGISTRATION = (400, "到达日期不能晚于登记日期，请核对。")
    LEFT_BEFORE_ARRIVAL = (400, "离开日期不能早于到达日期，请核对。")
    LEAVING_IN_FUTURE = (400, "离开日期不能晚于今天，请在离开后登记。")
    UNKNOWN_RETURNEE = (400, "找不到这条返乡登记，或不在您的网格内，请联系村（社区）核对。")
    TARGET_GONE = (409, "这条记录已注销或删除，修改不再需要处理。如注销有误，请联系乡镇（街道）恢复后重新修改。")
    UNKNOWN_CONFLICT = (400, "找不到这条修改冲突，或不归您处理，请同步后再看。")
    EDITED_AGAIN = (409, "您选定之前，这条记录又被修改，您的选择没有生效。请按新的内容重新选择。")
    ALREADY_CHOSEN = (409, "这条修改冲突已由他人处理，结果与您的选择不同，请同步后查看。")
    UNKNOWN_HANDOVER = (400, "找不到这次移交，或不归您答复，请同步后再看。")
    SAME_REGION = (400, "这户（人）本来就在这个网格，请另选移交对象。")
    IN_HOUSEHOLD = (409, "此人与家人登记在一户，请移交整户；确已分开居住的，请先修改住址。")
    ALREADY_OFFERED = (409, "这户（人）已在移交中，请先等对方答复或撤回原来的移交。")
    ALREADY_ANSWERED = (409, "这次移交已有别的答复，以先到的为准，请同步后查看。")
    ITEM_TOO_LARGE = (413, "这条记录内容过长，请精简后再上报。")
    STORAGE_REFUSED = (400, "这条记录无法保存，已留存备查，请联系乡镇（街道）处理。")

    # records carried in by hand
    CARRIED_DAMAGED = (400, "这个文件打不开：内容已损坏，或不是手机导出的代交文件。请在原手机上重新导出。")
    CARRIED_ELSEWHERE = (400, "这个文件是为另一套系统导出的，这里打不开。请核对后交到原来的系统。")
    CARRIED_NOT_YOURS = (403, "您不能代交这位工作人员的记录，请交给他所在的村（社区）或乡镇（街道）。")
    CARRIED_REVOKED = (403, "导出这个文件的手机已被停用。确认记录属实后，由乡镇（街道）在管理后台勾选“仍然收下”。")

    # people and documents
    BAD_DOCUMENT = (400, "证件号码不正确，请对照证件逐位核对。")
    BAD_PHONE = (400, "手机号码不正确，请核对。")
    BAD_REGION_CODE = (400, "区划代码应为 2、4、6、9、12 或 15 位数字。")
    PURPOSE_REQUIRED = (400, "查看完整信息须填写用途。")
    TOO_MANY_CALLS = (429, "短时间内查号过多，请过一会儿再拨。急事请直接联系村（社区）或乡镇（街道）。")

    # reports
    ZERO_CONTRADICTED = (409, "今日已有异常记录，不能确认零报告，请核对后确认上报。")
    TOO_EARLY = (409, "这一天还没有结束，暂不能确认。")
    ALREADY_CLOSED = (409, "本日报告已由上级汇总，如需更正请联系上级。")
    UNKNOWN_INDICATOR = (404, "没有这个指标。")

    # users and duties
    GRANT_TOO_WIDE = (403, "不能授予自己没有的权限，也不能超出自己的管辖范围。")
    HEALTH_GRANT_ONLY = (403, "卫生健康权限只能由上一级卫生健康部门授予。")
    WRONG_LEVEL = (400, "这个角色不能设在这一级区划。")
    WEAK_PASSWORD = (400, "密码过于简单，请使用至少八位、不易猜到的密码。")
    BAD_RESET_CODE = (400, "重置码不正确或已过期，请联系乡镇（街道）重新获取。")

    # policy packs and imports
    BAD_PACK = (400, "政策包有误，整包未载入。")
    BAD_IMPORT = (400, "导入文件有误，请按报告逐行修改。")

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message

    @property
    def code(self) -> str:
        """The code on the wire."""
        return self.name.lower()


class ApiError(Exception):
    """A refusal with a code, for views, verdicts and the admin alike."""

    def __init__(
        self,
        code: ErrorCode,
        *,
        field: str | None = None,
        detail: dict[str, Any] | None = None,
        message: str | None = None,
    ) -> None:
        self.code = code
        self.field = field
        self.detail = detail
        self.message = message or code.message
        super().__init__(f"{code.code} {field or ''}".strip())

    @property
    def status(self) -> int:
        return self.code.status

    def body(self) -> dict[str, Any]:
        """The one error shape."""
        return error_body(self.code, field=self.field, detail=self.detail, message=self.message)


def error_body(
    code: ErrorCode, *, field: str | None = None, detail: dict[str, Any] | None = None, message: str | None = None
) -> dict[str, Any]:
    """`{code, message, field?, detail?}`."""
    body: dict[str, Any] = {"code": code.code, "message": message or code.message}
    if field:
        body["field"] = field
    if detail:
        body["detail"] = detail
    return body
