"""Django application `sync`."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "backend.sync"
    label = "sync"
    verbose_name = "同步"
    default_auto_field = "django.db.models.BigAutoField"
