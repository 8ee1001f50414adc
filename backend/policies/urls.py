"""Addresses of `policies` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from backend.policies.views import PoliciesView

urlpatterns: list[URLPattern | URLResolver] = [path("policies/", PoliciesView.as_view(), name="policies")]
