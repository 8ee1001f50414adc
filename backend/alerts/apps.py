"""Django application `alerts`."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "backend.alerts"
    label = "alerts"
    verbose_name = "预警"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backend.alerts.selectors import alerts_words  # noqa: PLC0415 - models are not ready when this module loads
        from backend.alerts.services import alerts_move, handovers_settled  # noqa: PLC0415
        from backend.residents.listeners import listen  # noqa: PLC0415

        listen(moved=alerts_move, settled=handovers_settled, belongs=alerts_words)
