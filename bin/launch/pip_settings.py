"""The machine's pip settings, handed on to uv, which reads none of pip's files.

A mirror, a proxy or a company's certificate is set up for pip on most machines in the field; `pip config list` names
what is in force from all files and the environment. Variables that the machine already sets for uv win.
"""

import ast
import os
import subprocess
from pathlib import Path

#: The bundle of Debian, Ubuntu and their like; uv brings its own certificates and would not see a company's.
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def read_pip_settings(python: Path) -> dict[str, str]:
    """Setting name (`index-url`, `cert` …) → value; a command's own section (`install.…`) is left to pip."""
    listed = subprocess.run(
        [str(python), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    settings: dict[str, str] = {}
    for line in listed.splitlines():
        name, separator, value = line.partition("=")
        section, dot, key = name.rpartition(".")
        if not separator or not dot or section not in {"global", ":env:"}:
            continue
        try:
            settings[key] = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            settings[key] = value
    return settings


def uv_environment(settings: dict[str, str], environment: dict[str, str] | None = None) -> dict[str, str]:
    """The environment for uv: the machine's own, completed from pip's settings."""
    result = dict(os.environ if environment is None else environment)

    def default(name: str, value: str | None) -> None:
        if value:
            result.setdefault(name, value)

    default("UV_DEFAULT_INDEX", settings.get("index-url"))
    default("UV_INDEX", " ".join(settings.get("extra-index-url", "").split()))
    default("UV_FIND_LINKS", ",".join(settings.get("find-links", "").split()))
    default("UV_INSECURE_HOST", " ".join(settings.get("trusted-host", "").split()))
    default("HTTPS_PROXY", settings.get("proxy"))
    default("HTTP_PROXY", settings.get("proxy"))
    # pip looks at all indexes and takes the best; with every file pinned by hash that is as safe for uv.
    default("UV_INDEX_STRATEGY", "unsafe-best-match")
    default("UV_HTTP_TIMEOUT", "180")
    default("SSL_CERT_FILE", settings.get("cert") or existing(SYSTEM_CERTIFICATES))
    return result


def existing(path: Path) -> str | None:
    return str(path) if path.is_file() else None
