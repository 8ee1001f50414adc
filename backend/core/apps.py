"""Django application `core`."""

from celery import Celery
from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "backend.core"
    label = "core"
    verbose_name = "核心"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Importing registers the checks and the description of how one signs in.
        from backend.core import checks, openapi  # noqa: F401, PLC0415

        # Web processes and commands have no Celery application of their own; by this one `core.enqueue` finds the
        # broker of the settings. The worker's own, in `celery_tasks.app`, takes its place there.
        client = Celery("gridkeeper", set_as_current=False)
        client.config_from_object("django.conf:settings", namespace="CELERY")
        client.set_default()
