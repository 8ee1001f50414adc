"""Files for the level above, and exemptions, in the office (上报文件、免报). The day itself is a page of its own."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from backend.accounts.choices import Capability
from backend.audit.services import audit_record
from backend.core import clock
from backend.core.admin import Deed, DeedDone, DeedForm, Fact, Section, ServiceModelAdmin, day_field
from backend.core.office.filters import DayFilter, RegionFilter, choice_filter
from backend.core.office.words import date_words, days_words, link, mark, time_words
from backend.regions.choices import Level
from backend.regions.formfields import region_field
from backend.reports.choices import FileFormat
from backend.reports.models import Exemption, OutboxFile
from backend.reports.services import exemption_grant, exemption_revoke


@admin.register(OutboxFile)
class OutboxFileAdmin(ServiceModelAdmin):
    view_capability = Capability.REPORT_VIEW
    list_display = (
        "name",
        "day",
        "revision_words",
        "format_word",
        "rows_words",
        "size_words",
        "made",
        "get_it",
    )
    list_filter = (DayFilter, choice_filter("format", "格式", FileFormat))
    ordering = ("-business_day", "-revision", "format")
    list_note = "省级截止后每天自动生成一份，更正后生成新版本。内容为各级数字，不含个人信息；每次下载都记入审计。"
    empty_text = "还没有上报文件。省级日报截止后自动生成。"

    def get_urls(self) -> list[URLPattern]:
        route = "<uuid:object_id>/file/"
        return [
            path(route, self.admin_site.admin_view(self.file_view), name="reports_outboxfile_file"),
            *super().get_urls(),
        ]

    def file_view(self, request: HttpRequest, object_id: Any) -> HttpResponse | FileResponse:
        """The file itself, as it was laid in the outbox."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_queryset(request).filter(pk=object_id).first()
        target = settings.OUTBOX_FOLDER / row.name if row else None
        if row is None or target is None or not target.is_file():
            raise Http404
        audit_record(
            actor=request.user, action="outbox_downloaded", target_kind="outbox_file", target_id=row.pk,
            region=row.region_code, detail={"day": row.business_day.isoformat(), "format": row.format},
        )  # fmt: skip
        return FileResponse(target.open("rb"), as_attachment=True, filename=row.name)

    @admin.display(description="业务日", ordering="business_day")
    def day(self, row: OutboxFile) -> str:
        return date_words(row.business_day)

    @admin.display(description="版本", ordering="revision")
    def revision_words(self, row: OutboxFile) -> str:
        return "首次" if row.revision <= 1 else f"第 {row.revision} 版（更正）"

    @admin.display(description="格式")
    def format_word(self, row: OutboxFile) -> str:
        return FileFormat(row.format).label

    @admin.display(description="行数")
    def rows_words(self, row: OutboxFile) -> str:
        return f"{row.rows:,} 行"

    @admin.display(description="大小")
    def size_words(self, row: OutboxFile) -> str:
        return f"{row.size / 1024:,.1f} KB"

    @admin.display(description="生成时间", ordering="made_at")
    def made(self, row: OutboxFile) -> str:
        return time_words(row.made_at)

    @admin.display(description="下载")
    def get_it(self, row: OutboxFile) -> Any:
        return link(reverse("admin:reports_outboxfile_file", args=[row.pk]), "下载")

    def sections(self, request: HttpRequest, target: OutboxFile) -> list[Section]:
        return [
            Section(
                "上报文件",
                [
                    Fact("文件名", target.name, wide=True),
                    Fact("业务日", self.day(target)),
                    Fact("版本", self.revision_words(target)),
                    Fact("格式", self.format_word(target)),
                    Fact("行数", self.rows_words(target)),
                    Fact("大小", self.size_words(target)),
                    Fact("生成时间", time_words(target.made_at)),
                    Fact("SHA-256", target.sha256, wide=True),
                    Fact("文件", self.get_it(target)),
                ],
            )
        ]


class ExemptionForm(DeedForm):
    """Which unit, from when to when, and why."""

    region_code = forms.ChoiceField(label="免报单位")
    from_day = day_field("起始日期")
    to_day = day_field("终止日期")
    reason = forms.CharField(label="原因", max_length=120, help_text="如：整村搬迁、封闭施工。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region_code"] = region_field(
            self.for_user, Capability.REPORT_SUBMIT, Level.values, label="免报单位"
        )
        self.fields["from_day"].initial = self.fields["to_day"].initial = clock.today()
        self.order_fields(["region_code"])


@admin.register(Exemption)
class ExemptionAdmin(ServiceModelAdmin):
    view_capability = Capability.REPORT_VIEW
    list_display = ("place", "days", "reason", "granted_by_name", "granted", "state")
    list_filter = (RegionFilter,)
    ordering = ("-to_day", "id")
    list_note = "免报期间不计应报；这段时间里报来的记录仍然计入。"
    empty_text = "没有免报。整村搬迁、封闭施工等不需要上报的单位，由此批准。"
    deeds = (
        Deed(
            "grant", "批准免报", Capability.REPORT_SUBMIT, "do_grant", ExemptionForm, icon="event_busy", tone="primary",
            on_list=True, explain="免报期间不要求上报，也不算未报。已经过去的日期不能补免。",
        ),
        Deed(
            "revoke", "撤销免报", Capability.REPORT_SUBMIT, "do_revoke", icon="undo",
            explain="从现在起恢复上报要求。", applies=lambda exemption: exemption.revoked_at is None,
        ),
    )  # fmt: skip

    @admin.display(description="区划", ordering="region_code")
    def place(self, row: Any) -> str:
        return row.office_place  # type: ignore[no-any-return]

    @admin.display(description="起止", ordering="to_day")
    def days(self, row: Exemption) -> str:
        return days_words(row.from_day, row.to_day)

    @admin.display(description="批准时间", ordering="granted_at")
    def granted(self, row: Exemption) -> str:
        return time_words(row.granted_at)

    @admin.display(description="状态")
    def state(self, row: Exemption) -> Any:
        return mark(f"{time_words(row.revoked_at)} 撤销", "calm") if row.revoked_at else "有效"

    def page_title(self, target: Any) -> str:
        return f"免报 {getattr(target, 'office_place', '')}"

    def sections(self, request: HttpRequest, target: Exemption) -> list[Section]:
        return [
            Section(
                "免报",
                [
                    Fact("区划", self.place(target), wide=True),
                    Fact("起止", self.days(target)),
                    Fact("状态", self.state(target)),
                    Fact("原因", target.reason, wide=True),
                    Fact("批准人", target.granted_by_name),
                    Fact("批准时间", time_words(target.granted_at)),
                ],
            )
        ]

    def do_grant(self, request: HttpRequest, target: None, data: dict[str, Any]) -> DeedDone:
        exemption_grant(actor=request.user, **data)
        return DeedDone("已批准免报。")

    def do_revoke(self, request: HttpRequest, target: Exemption, data: dict[str, Any]) -> DeedDone:
        exemption_revoke(actor=request.user, exemption_id=target.pk)
        return DeedDone("已撤销免报。")
