"""Django application `reports`."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "backend.reports"
    label = "reports"
    verbose_name = "日报告与零报告"
    default_auto_field = "django.db.models.BigAutoField"
