"""The server's own name under what it says, and a lock that only it opens (服务器签名、密封投递). See docs/receipts.md
and docs/hand-carry.md.

Two P-256 keys lie beside the key ring, mode 0600: `sign.key` signs receipts (ECDSA, SHA-256), `carry.key` opens what a
phone sealed for the server without a connection (ECDH, HKDF-SHA-256, AES-256-GCM). P-256 is what every browser's
WebCrypto speaks. A public key is 65 bytes, uncompressed; its name is the first 8 bytes of its SHA-256, in hex.
"""

import base64
import hashlib
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from backend.core.keyfiles import key_file

SIGN, CARRY = "sign.key", "carry.key"
_HALF = 32
_NONCE = 12


class NotForUsError(Exception):
    """Sealed for another key than ours, or altered on the way."""


@lru_cache(maxsize=4)
def _key(folder: str, name: str) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(key_file(Path(folder) / name, _fresh), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _fresh() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def forget_keys() -> None:
    """Read the key files anew at the next use: they were replaced."""
    _key.cache_clear()


def public_key(name: str) -> bytes:
    """The public half of `SIGN` or `CARRY`: 65 bytes."""
    return _key(str(settings.KEY_FOLDER), name).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_name(public: bytes) -> str:
    """The short name of a public key."""
    return hashlib.sha256(public).digest()[:8].hex()


def sign(text: str) -> bytes:
    """The signature under `text`: r and s, 32 bytes each, as WebCrypto takes it."""
    der = _key(str(settings.KEY_FOLDER), SIGN).sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def is_signed(text: str, signature: bytes) -> bool:
    """Whether this server signed `text`."""
    if len(signature) != 2 * _HALF:
        return False
    der = utils.encode_dss_signature(int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big"))
    try:
        _key(str(settings.KEY_FOLDER), SIGN).public_key().verify(der, text.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def open_carried(*, point: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """What a phone sealed for `CARRY` with a key of its own whose public half is `point`. Raises `NotForUsError`."""
    try:
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        shared = _key(str(settings.KEY_FOLDER), CARRY).exchange(ec.ECDH(), theirs)
        return AESGCM(_derive(shared, point)).decrypt(nonce, sealed, None)
    except (ValueError, InvalidTag) as error:
        raise NotForUsError from error


def seal_for_carrying(plain: bytes, *, recipient: bytes) -> tuple[bytes, bytes, bytes]:
    """`(point, nonce, sealed)` as a phone makes them for the server's public key `recipient`."""
    own = ec.generate_private_key(ec.SECP256R1())
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), recipient))
    nonce = secrets.token_bytes(_NONCE)
    return point, nonce, AESGCM(_derive(shared, point)).encrypt(nonce, plain, None)


def _derive(shared: bytes, point: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=point, info=b"gridkeeper carried records 1").derive(shared)


def base64_text(data: bytes) -> str:
    """Base64 as it goes over the wire."""
    return base64.b64encode(data).decode()
