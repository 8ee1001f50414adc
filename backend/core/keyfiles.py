"""Key files (密钥文件): made once, mode 0600, whole or not at all, whoever asks first."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def key_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """What lies in `path`; written first with `make()` when it is not there, even if several processes ask at once."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, make())
    return path.read_bytes()


def _write_once(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
