"""Django application `health`."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "backend.health"
    label = "health"
    verbose_name = "健康监测"
    default_auto_field = "django.db.models.BigAutoField"
