"""Django application `realtime`."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "backend.realtime"
    label = "realtime"
    verbose_name = "实时消息"
    default_auto_field = "django.db.models.BigAutoField"
