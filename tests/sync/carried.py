"""A carried file as a phone makes it."""

import base64
import gzip
import json
from typing import Any

from backend.core import clock
from backend.core.signing import seal_for_carrying


def carried_file(keys: dict[str, Any], device: str, items: list[Any], /, **changes: Any) -> dict[str, Any]:
    """The file's JSON object for the answer of `sync/keys/`; `changes` go into what is sealed."""
    return sealed_file(keys, packed_records(keys, device, items, **changes))


def packed_records(keys: dict[str, Any], device: str, items: list[Any], /, *, level: int = 9, **changes: Any) -> bytes:
    """What is sealed. With `level` 0 its length is that of what was written."""
    inner = {
        "device": device, "ticket": keys["ticket"], "made_at": clock.now().isoformat(), "skew_seconds": 0,
        "api_level": 1, "items": items, **changes,
    }  # fmt: skip
    return gzip.compress(json.dumps(inner).encode(), level, mtime=0)


def sealed_file(keys: dict[str, Any], packed: bytes) -> dict[str, Any]:
    """`packed` sealed for the server, whatever it is."""
    point, nonce, sealed = seal_for_carrying(packed, recipient=base64.b64decode(keys["carry"]["point"]))
    text = {
        name: base64.b64encode(data).decode() for name, data in (("point", point), ("nonce", nonce), ("sealed", sealed))
    }
    return {"gridkeeper": "carried", "v": 1, "key": keys["carry"]["key"], **text}
