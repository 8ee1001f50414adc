"""Django application `visits`."""

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "backend.visits"
    label = "visits"
    verbose_name = "入户走访"
    default_auto_field = "django.db.models.BigAutoField"
