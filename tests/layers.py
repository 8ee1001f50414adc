"""The order of the apps, read from the import contract itself."""

import tomllib
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def height_of(model: type[Any]) -> int:
    """How high the app of a model stands; greater is higher."""
    contracts = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [name.strip() for line in contracts[0]["layers"] for name in line.split("|")]
    return -layers.index(".".join(model.__module__.split(".")[:2]))
