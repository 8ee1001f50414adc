"""Addresses of `reports` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from backend.reports.views import DailyReportView, SubmitView, TraceView

urlpatterns: list[URLPattern | URLResolver] = [
    path("reports/daily/", DailyReportView.as_view(), name="report-daily"),
    path("reports/daily/<str:region>/<str:day>/submit/", SubmitView.as_view(), name="report-submit"),
    path("reports/daily/<str:region>/<str:day>/trace/", TraceView.as_view(), name="report-trace"),
]
