"""Django application `ops`."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "backend.ops"
    label = "ops"
    verbose_name = "运维"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are importable from here on, not before.
        from backend.ops.registration import connect  # noqa: PLC0415

        connect()
