"""Django application `residents`."""

from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "backend.residents"
    label = "residents"
    verbose_name = "住户与人员"
    default_auto_field = "django.db.models.BigAutoField"
