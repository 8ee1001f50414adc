"""Addresses of the API's own description."""

from django.urls import path

from backend.ops.views import ApiDocsView, ApiSchemaView

urlpatterns = [
    path("schema/", ApiSchemaView.as_view(), name="schema"),
    path("docs/", ApiDocsView.as_view(), name="docs"),
]
