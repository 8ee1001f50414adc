"""Django application `facts`."""

from django.apps import AppConfig


class FactsConfig(AppConfig):
    name = "backend.facts"
    label = "facts"
    verbose_name = "事实台账"
    default_auto_field = "django.db.models.BigAutoField"
