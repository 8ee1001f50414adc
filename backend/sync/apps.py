"""Django application `sync`."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "backend.sync"
    label = "sync"
    verbose_name = "同步"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backend.residents.listeners import listen  # noqa: PLC0415
        from backend.sync.conflicts import conflicts_follow  # noqa: PLC0415

        listen(moved=conflicts_follow)
