"""The protocol's shapes as OpenAPI. The words are in docs/sync.md."""

from typing import Any

from backend.core.openapi import schema_of
from backend.facts.choices import Verdict
from backend.sync.schemas import SCHEMAS
from backend.sync.shapes import BODIES, MAX_ITEMS

_MOMENT = {"type": "string", "format": "date-time"}
_ID = {"type": "string", "format": "uuid"}

PUSH_REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["device", "api_level", "sent_at", "items"],
    "additionalProperties": False,
    "properties": {
        "device": _ID,
        "api_level": {"type": "integer", "minimum": 1, "maximum": 1000},
        "sent_at": _MOMENT,
        "items": {
            "type": "array",
            "maxItems": MAX_ITEMS,
            "items": {
                "type": "object",
                "required": ["id", "kind", "schema", "seq", "observed_at", "body"],
                "properties": {
                    "id": _ID,
                    "kind": {"type": "string", "enum": list(BODIES)},
                    "schema": {
                        "type": "integer",
                        "enum": sorted({n for each in SCHEMAS.values() for n in range(each.oldest, each.current + 1)}),
                        "description": "Version of the body. Current: "
                        + ", ".join(f"{kind} {each.current}" for kind, each in SCHEMAS.items())
                        + "; the two before it are taken.",
                    },
                    "seq": {"type": "integer", "minimum": 1},
                    "observed_at": _MOMENT,
                    "body": {"anyOf": [schema_of(shape) for each in SCHEMAS.values() for shape in each.shapes]},
                },
            },
        },
    },
}

PUSH_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["results", "server_time", "skew_seconds"],
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "verdict"],
                "properties": {
                    "id": {"type": ["string", "null"]},
                    "verdict": {"type": "string", "enum": Verdict.values},
                    "code": {"type": "string"},
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "server_time": _MOMENT,
        "skew_seconds": {"type": "number"},
    },
}

PULL_PAGE: dict[str, Any] = {
    "type": "object",
    "required": ["resync", "cursor", "more", "changes", "scope", "history", "server_time"],
    "properties": {
        "resync": {"type": "boolean"},
        "cursor": {"type": "string"},
        "more": {"type": "boolean"},
        "scope": {"type": "array", "items": {"type": "string"}},
        "history": _ID,
        "server_time": _MOMENT,
        "total": {"type": "integer"},
        "changes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "id", "op"],
                "properties": {
                    "kind": {"type": "string"},
                    "id": {"type": "string"},
                    "op": {"type": "string", "enum": ["put", "delete"]},
                    "data": {"type": "object", "additionalProperties": True},
                },
            },
        },
    },
}

RECEIPTS: dict[str, Any] = {
    "type": "object",
    "required": ["day", "device", "items", "counts", "digest"],
    "properties": {
        "day": {"type": "string", "format": "date"},
        "device": {**_ID, "type": ["string", "null"]},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "verdict"],
                "properties": {"id": _ID, "verdict": {"type": "string"}},
            },
        },
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "digest": {"type": "string"},
    },
}

_IDS = {"type": "array", "items": _ID}
_BYTES = {"type": "string", "contentEncoding": "base64"}
_COUNT = {"type": "integer", "minimum": 0}


def _closed(**properties: Any) -> dict[str, Any]:
    """An object with exactly these properties, all of them required."""
    return {
        "type": "object", "required": list(properties), "additionalProperties": False, "properties": properties,
    }  # fmt: skip


_DAY = {"type": "string", "format": "date"}
CLOSING_REQUEST: dict[str, Any] = _closed(device=_ID, day=_DAY, made={**_IDS, "maxItems": 5000})
CLOSING_ANSWER: dict[str, Any] = _closed(
    day=_DAY, device=_ID, made=_COUNT, confirmed=_COUNT, missing=_IDS, refused=_IDS, forgotten=_COUNT,
    closed={"type": "boolean"}, statement={"type": "string"}, signature=_BYTES, key={"type": "string"},
)  # fmt: skip

_PUBLIC_KEY = _closed(key={"type": "string"}, point=_BYTES)
KEYS: dict[str, Any] = _closed(receipts=_PUBLIC_KEY, carry=_PUBLIC_KEY, ticket=_BYTES)

CARRIED_FILE: dict[str, Any] = _closed(
    gridkeeper={"type": "string", "enum": ["carried"]}, v={"type": "integer", "enum": [1]},
    key={"type": "string", "maxLength": 32}, point=_BYTES, nonce=_BYTES, sealed=_BYTES,
)  # fmt: skip
CARRIED_ANSWER: dict[str, Any] = _closed(
    author={"type": "string"}, made_at=_MOMENT, items=_COUNT,
    counts={"type": "object", "additionalProperties": _COUNT}, results=PUSH_ANSWER["properties"]["results"],
)  # fmt: skip
