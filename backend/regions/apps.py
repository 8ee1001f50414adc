"""Django application `regions`."""

from django.apps import AppConfig


class RegionsConfig(AppConfig):
    name = "backend.regions"
    label = "regions"
    verbose_name = "区划与网格"
    default_auto_field = "django.db.models.BigAutoField"
