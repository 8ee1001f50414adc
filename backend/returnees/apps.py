"""Django application `returnees`."""

from django.apps import AppConfig


class ReturneesConfig(AppConfig):
    name = "backend.returnees"
    label = "returnees"
    verbose_name = "返乡人员"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backend.residents.listeners import listen  # noqa: PLC0415 - models are not ready when this module loads
        from backend.returnees.selectors import returnees_words  # noqa: PLC0415

        listen(belongs=returnees_words)
