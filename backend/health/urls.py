"""Addresses of `health` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from backend.health.views import ChecksDueView, PersonCodeView

urlpatterns: list[URLPattern | URLResolver] = [
    path("checks/due/", ChecksDueView.as_view()),
    path("people/<uuid:person_id>/code/", PersonCodeView.as_view()),
]
