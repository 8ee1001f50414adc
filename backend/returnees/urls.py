"""Addresses of `returnees` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from backend.returnees.views import (
    ReturneeCorrectView,
    ReturneeLeaveView,
    ReturneeListView,
    ReturneeReturnView,
    ReturneeView,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("returnees/", ReturneeListView.as_view()),
    path("returnees/<uuid:returnee_id>/", ReturneeView.as_view()),
    path("returnees/<uuid:returnee_id>/leave/", ReturneeLeaveView.as_view()),
    path("returnees/<uuid:returnee_id>/return/", ReturneeReturnView.as_view()),
    path("returnees/<uuid:returnee_id>/correct/", ReturneeCorrectView.as_view()),
]
