"""Stamps: a step is skipped when the hash of what it depends on is the one written after it last succeeded."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from launch.paths import STAMPS


def hash_of_text(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def hash_of_files(files: Iterable[Path], root: Path) -> str:
    """Over names and contents, in the order of names: a touched file that did not change costs nothing."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(root)).encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_fresh(name: str, value: str) -> bool:
    try:
        return (STAMPS / name).read_text() == value
    except OSError:
        return False


def is_stamped(name: str) -> bool:
    """Whether the step ever succeeded since it was last begun."""
    return (STAMPS / name).exists()


def write_stamp(name: str, value: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(value)


def drop_stamp(name: str) -> None:
    (STAMPS / name).unlink(missing_ok=True)
