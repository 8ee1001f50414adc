"""Generated passwords of the embedded servers: one file each, 0600, made at the first start."""

import os
import secrets
from pathlib import Path


def kept_password(file: Path) -> str:
    """Alphanumeric, so that it stands in a URL, a configuration file and SQL without quoting."""
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        pass
    password = secrets.token_hex(24)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(password)
    return password
