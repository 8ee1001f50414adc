"""Addresses of `residents` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from backend.residents.views import (
    HouseholdCallView,
    HouseholdCloseView,
    HouseholdMoveView,
    HouseholdReopenView,
    HouseholdRevealView,
    HouseholdsView,
    HouseholdView,
    PersonCallView,
    PersonMoveView,
    PersonRevealView,
    PersonView,
    PhoneLookupView,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("households/", HouseholdsView.as_view(), name="households"),
    path("households/lookup/", PhoneLookupView.as_view(), name="household-lookup"),
    path("households/<uuid:household_id>/", HouseholdView.as_view(), name="household"),
    path("households/<uuid:household_id>/move/", HouseholdMoveView.as_view(), name="household-move"),
    path("households/<uuid:household_id>/close/", HouseholdCloseView.as_view(), name="household-close"),
    path("households/<uuid:household_id>/reopen/", HouseholdReopenView.as_view(), name="household-reopen"),
    path("households/<uuid:household_id>/reveal/", HouseholdRevealView.as_view(), name="household-reveal"),
    path("households/<uuid:household_id>/call/", HouseholdCallView.as_view(), name="household-call"),
    path("people/<uuid:person_id>/", PersonView.as_view(), name="person"),
    path("people/<uuid:person_id>/move/", PersonMoveView.as_view(), name="person-move"),
    path("people/<uuid:person_id>/reveal/", PersonRevealView.as_view(), name="person-reveal"),
    path("people/<uuid:person_id>/call/", PersonCallView.as_view(), name="person-call"),
]
