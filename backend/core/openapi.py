"""OpenAPI descriptions of msgspec shapes, written out in place."""

from typing import Any

import msgspec
from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension


def schema_of(shape: Any) -> dict[str, Any]:
    """The JSON schema of a msgspec type with every reference resolved; shapes here do not refer to themselves."""
    root = msgspec.json.schema(shape)
    definitions = root.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rsplit("/", 1)[1]])
            return {key: resolve(value) for key, value in node.items()}
        if isinstance(node, list):
            return [resolve(value) for value in node]
        return node

    return resolve(root)


#: The one error shape; see `backend.core.errors`.
ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "field": {"type": "string"},
        "detail": {"type": "object", "additionalProperties": True},
    },
    "additionalProperties": False,
}


def errors(*statuses: int) -> dict[int, dict[str, Any]]:
    """Response descriptions for refusals, for `extend_schema(responses=…)`."""
    return dict.fromkeys(statuses, ERROR_SCHEMA)


class SessionScheme(OpenApiAuthenticationExtension):
    """The session cookie, as OpenAPI names it; writes carry the CSRF token in `X-CSRFToken` besides."""

    target_class = "backend.core.permissions.SessionSignIn"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
