"""Django application `core`."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "backend.core"
    label = "core"
    verbose_name = "核心"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Importing registers the checks and the description of how one signs in.
        from backend.core import checks, openapi  # noqa: F401, PLC0415
