"""Key ring (密钥环): sealing of personal data and the blind index. See docs/privacy.md.

Key files lie in `<var>/keys/`, mode 0600: `seal-<n>.key` (32 bytes AES-256-GCM; the highest `n` seals, every one opens)
and `index.key` (32 bytes HMAC-SHA256). Losing them loses the data they seal: back them up with the database.
"""

import hashlib
import hmac
import re
import secrets
import threading
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from backend.core.keyfiles import key_file

_SEAL_FILE = re.compile(r"seal-(\d+)\.key")
_NONCE = 12
_creating = threading.Lock()


class SealBrokenError(Exception):
    """A sealed value that no key opens: altered, moved to another row or column, or its key is gone."""


@lru_cache(maxsize=4)
def _load(folder: str) -> tuple[dict[int, AESGCM], int, bytes]:
    path = Path(folder)
    with _creating:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(_SEAL_FILE.fullmatch(f.name) for f in path.iterdir()):
            key_file(path / "seal-1.key", _fresh)
        index = key_file(path / "index.key", _fresh)
    seals = {int(m[1]): AESGCM(f.read_bytes()) for f in path.iterdir() if (m := _SEAL_FILE.fullmatch(f.name))}
    return seals, max(seals), index


def _fresh() -> bytes:
    return secrets.token_bytes(32)


def _ring() -> tuple[dict[int, AESGCM], int, bytes]:
    return _load(str(settings.KEY_FOLDER))


def ensure_keys() -> None:
    """Make the key files when there are none yet."""
    _ring()


def forget_keys() -> None:
    """Read the key files anew at the next use: they were replaced."""
    _load.cache_clear()


def seal(plain: str, *, row: object, column: str) -> bytes:
    """`plain` sealed for one column of one row: key number (2 bytes), nonce, ciphertext and tag."""
    return seal_bytes(plain.encode(), row=row, column=column)


def unseal(sealed: bytes | memoryview, *, row: object, column: str) -> str:
    """What `seal` was given. Raises `SealBrokenError`."""
    return unseal_bytes(sealed, row=row, column=column).decode()


def seal_bytes(plain: bytes, *, row: object, column: str) -> bytes:
    """As `seal`, for bytes."""
    seals, newest, _ = _ring()
    nonce = secrets.token_bytes(_NONCE)
    return newest.to_bytes(2, "big") + nonce + seals[newest].encrypt(nonce, plain, _aad(row, column))


def unseal_bytes(sealed: bytes | memoryview, *, row: object, column: str) -> bytes:
    """As `unseal`, for bytes. Raises `SealBrokenError`."""
    data = bytes(sealed)
    key = _ring()[0].get(int.from_bytes(data[:2], "big"))
    if key is None:
        raise SealBrokenError(column)
    try:
        return key.decrypt(data[2 : 2 + _NONCE], data[2 + _NONCE :], _aad(row, column))
    except InvalidTag as error:
        raise SealBrokenError(column) from error


def blind_index(value: str, *, column: str) -> bytes:
    """A keyed digest (16 bytes) of a normalised value, for exact search without decryption."""
    return hmac.new(_ring()[2], f"{column}\0{value}".encode(), hashlib.sha256).digest()[:16]


def _aad(row: object, column: str) -> bytes:
    return f"{row}|{column}".encode()
