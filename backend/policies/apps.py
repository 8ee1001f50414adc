"""Django application `policies`."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "backend.policies"
    label = "policies"
    verbose_name = "政策规则"
    default_auto_field = "django.db.models.BigAutoField"
