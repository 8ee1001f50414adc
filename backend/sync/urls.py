"""Addresses of the phone's protocol below /api/v1/."""

from django.urls import path

from backend.sync.views import CarriedView, KeysView, PullView, PushView, ReceiptsView

urlpatterns = [
    path("sync/push/", PushView.as_view(), name="sync-push"),
    path("sync/pull/", PullView.as_view(), name="sync-pull"),
    path("sync/receipts/", ReceiptsView.as_view(), name="sync-receipts"),
    path("sync/keys/", KeysView.as_view(), name="sync-keys"),
    path("sync/carried/", CarriedView.as_view(), name="sync-carried"),
]
