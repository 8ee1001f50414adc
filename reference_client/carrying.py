"""Unsent records sealed for the server, for somebody who carries them: docs/hand-carry.md."""

import base64
import gzip
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: Items that one file may hold.
MOST = 5000


def sealed_file(content: dict[str, Any], *, keys: dict[str, Any]) -> dict[str, Any]:
    """The file for `content`, which needs no `ticket` yet; `keys` is the answer of `sync/keys/`."""
    packed = gzip.compress(json.dumps(content | {"ticket": keys["ticket"]}, ensure_ascii=False).encode())
    server = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(keys["carry"]["point"]))
    own = ec.generate_private_key(ec.SECP256R1())
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = own.exchange(ec.ECDH(), server)
    key = HKDF(hashes.SHA256(), 32, salt=point, info=b"gridkeeper carried records 1").derive(secret)
    nonce = secrets.token_bytes(12)
    parts = {"point": point, "nonce": nonce, "sealed": AESGCM(key).encrypt(nonce, packed, None)}
    text = {name: base64.b64encode(data).decode() for name, data in parts.items()}
    return {"gridkeeper": "carried", "v": 1, "key": keys["carry"]["key"], **text}
