"""Django application `realtime`."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "backend.realtime"
    label = "realtime"
    verbose_name = "实时消息"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backend.accounts.listeners import listen  # noqa: PLC0415 - models are not ready when this module loads
        from backend.realtime.services import duties_changed, signed_out  # noqa: PLC0415

        listen(duties_changed=duties_changed, signed_out=signed_out)
