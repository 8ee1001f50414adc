"""Addresses of `alerts` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from backend.alerts.views import AcknowledgeView, AlertListView, CloseView, ReopenView

urlpatterns: list[URLPattern | URLResolver] = [
    path("alerts/", AlertListView.as_view(), name="alerts"),
    path("alerts/<uuid:alert_id>/acknowledge/", AcknowledgeView.as_view(), name="alert-acknowledge"),
    path("alerts/<uuid:alert_id>/close/", CloseView.as_view(), name="alert-close"),
    path("alerts/<uuid:alert_id>/reopen/", ReopenView.as_view(), name="alert-reopen"),
]
