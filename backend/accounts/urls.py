"""Addresses of `accounts` below /api/v1/."""

from django.urls import path

from backend.accounts import views

urlpatterns = [
    path("session/", views.SessionView.as_view(), name="session"),
    path("session/all/", views.SessionEverywhereView.as_view(), name="session-everywhere"),
    path("session/password/", views.PasswordView.as_view(), name="session-password"),
    path("session/redeem/", views.RedeemView.as_view(), name="session-redeem"),
    path("devices/", views.DeviceListView.as_view(), name="devices"),
    path("devices/<uuid:device_id>/", views.DeviceView.as_view(), name="device"),
]
