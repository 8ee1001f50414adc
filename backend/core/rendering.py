"""How answers become JSON: encoded by msgspec. See docs/decisions.md.

A body may hold what `json` refuses but a view has at hand: moments, days, ids, enumerations, lazy texts, and finished
JSON (`msgspec.Raw`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.http import HttpResponse
from django.utils.functional import Promise
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


def _plain(value: Any) -> Any:
    """What msgspec does not know by itself: lazy texts, subclasses of `str`, and anything that can be walked."""
    if isinstance(value, str | Promise):
        return str(value)
    return list(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain)


def json_bytes(content: Any) -> bytes:
    """`content` as a body of JSON."""
    return _encoder.encode(content)


def json_response(content: Any) -> HttpResponse:
    """An answer that no renderer has to be found for."""
    return HttpResponse(json_bytes(content), content_type=JSONRenderer.media_type)


class JSONRenderer(BaseRenderer):
    """`DEFAULT_RENDERER_CLASSES`: compact UTF-8 JSON."""

    media_type = "application/json"
    format = "json"
    #: JSON is UTF-8 and nothing else (RFC 8259).
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else _encoder.encode(data)


class PlainNegotiation(DefaultContentNegotiation):
    """`DEFAULT_CONTENT_NEGOTIATION_CLASS`: who takes anything, or JSON, gets it without a parser's work."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        accepted = request.META.get("HTTP_ACCEPT", "*/*")
        if accepted in ("*/*", first.media_type) and self.settings.URL_FORMAT_OVERRIDE not in request.GET:
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)
