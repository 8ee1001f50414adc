"""Django application `returnees`."""

from django.apps import AppConfig


class ReturneesConfig(AppConfig):
    name = "backend.returnees"
    label = "returnees"
    verbose_name = "返乡人员"
    default_auto_field = "django.db.models.BigAutoField"
