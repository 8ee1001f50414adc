"""Names and children of regions, for lists of apps that stand below `regions`: `regions` fills this in at start."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Place:
    """A region as the office shows it."""

    code: str
    name: str
    level: str


class Directory(Protocol):
    """What the office asks about regions."""

    def names(self, codes: Iterable[str]) -> dict[str, str]:
        """Code → name, for the codes that exist; pseudo levels are left out."""

    def path(self, code: str) -> list[Place]:
        """From the province down to `code`, pseudo levels left out."""

    def children(self, code: str) -> list[Place]:
        """Real regions in use directly below `code`."""

    def places(self, codes: Iterable[str]) -> list[Place]:
        """The regions with these codes, in code order."""


class _Empty:
    def names(self, codes: Iterable[str]) -> dict[str, str]:
        return {}

    def path(self, code: str) -> list[Place]:
        return []

    def children(self, code: str) -> list[Place]:
        return []

    def places(self, codes: Iterable[str]) -> list[Place]:
        return []


_directory: Directory = _Empty()


def use_directory(directory: Directory) -> None:
    """Answer from `directory` from now on."""
    global _directory  # noqa: PLW0603
    _directory = directory


def directory() -> Directory:
    """The directory in use."""
    return _directory
