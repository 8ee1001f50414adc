"""How answers become JSON: encoded by msgspec. See docs/decisions.md.

A body may hold what `json` refuses but a view has at hand: moments, days, ids, enumerations, lazy texts, and finished
JSON (`msgspec.Raw`).
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer


def _plain(value: Any) -> Any:
    """What msgspec does not know by itself: lazy texts, subclasses of `str`, and anything that can be walked."""
    if isinstance(value, str | Promise):
        return str(value)
    return list(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain)


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
