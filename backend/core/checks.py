"""System checks that refuse to start a server whose API has an undeclared door."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from backend.core.api import ScopedAPIView

_METHODS = ("get", "post", "put", "patch", "delete")


def api_views(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, type[Any]]]:
    """Every `(route, view class)` under the URL configuration that is a DRF view."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from api_views(entry, route)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None)
            if view is not None and hasattr(view, "permission_classes"):
                yield route, view


@register()
def every_method_declares_a_capability(app_configs: Any, **kwargs: Any) -> list[Error]:
    """`core.E001`: an API method without a declared capability; `core.E002`: an API view outside the base class."""
    errors = []
    for route, view in api_views():
        if not issubclass(view, ScopedAPIView):
            if not view.__module__.startswith("backend."):
                continue
            errors.append(Error(f"{view.__name__} ({route}) is not a ScopedAPIView.", id="core.E002"))
            continue
        missing = [m.upper() for m in _METHODS if hasattr(view, m) and m.upper() not in view.capabilities]
        if missing:
            errors.append(Error(f"{view.__name__} ({route}) declares no capability for {missing}.", id="core.E001"))
    return errors
