"""A carried file as a phone makes it."""

import base64
import gzip
import json
from typing import Any

from backend.core import clock
from backend.core.signing import seal_for_carrying


def carried_file(keys: dict[str, Any], device: str, items: list[Any], /, **changes: Any) -> dict[str, Any]:
    """The file's JSON object for the answer of `sync/keys/`; `changes` go into what is sealed."""
    inner = {
        "device": device, "ticket": keys["ticket"], "made_at": clock.now().isoformat(), "skew_seconds": 0,
        "api_level": 1, "items": items, **changes,
    }  # fmt: skip
    return sealed_file(keys, gzip.compress(json.dumps(inner).encode()))


def sealed_file(keys: dict[str, Any], packed: bytes) -> dict[str, Any]:
    """`packed` sealed for the server, whatever it is."""
    point, nonce, sealed = seal_for_carrying(packed, recipient=base64.b64decode(keys["carry"]["point"]))
    text = {
        name: base64.b64encode(data).decode() for name, data in (("point", point), ("nonce", nonce), ("sealed", sealed))
    }
    return {"gridkeeper": "carried", "v": 1, "key": keys["carry"]["key"], **text}
