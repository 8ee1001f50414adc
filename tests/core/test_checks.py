"""A server with an undeclared door does not start, and foreign keys point down."""

from django.apps import apps
from django.core.checks import run_checks
from django.urls import path

from backend.core.api import ScopedAPIView
from backend.core.checks import api_views, every_method_declares_a_capability
from tests.layers import height_of


class Undeclared(ScopedAPIView):
    def get(self, request):  # type: ignore[no-untyped-def]  # a stand-in that is never called
        """Declares no capability."""


class urls:  # noqa: N801 - stands in for a URL module
    urlpatterns = [path("open/", Undeclared.as_view())]


def test_every_api_view_is_declared() -> None:
    assert [error for error in run_checks() if error.id in {"core.E001", "core.E002"}] == []
    assert len(list(api_views())) > 10


def test_an_undeclared_method_is_an_error(settings) -> None:  # type: ignore[no-untyped-def]
    settings.ROOT_URLCONF = urls
    assert [error.id for error in every_method_declares_a_capability(None)] == ["core.E001"]


def test_foreign_keys_point_down() -> None:
    upward = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models()
        if model.__module__.startswith("backend.")
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model.__module__.startswith("backend.")
        if height_of(field.related_model) > height_of(model)
    ]
    assert upward == []


def test_nothing_refers_to_a_fact() -> None:
    from backend.facts.models import Fact

    referring = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model and issubclass(field.related_model, Fact)
    ]
    assert referring == []
