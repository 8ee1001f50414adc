"""The page about packs names every key, with its unit, and no other."""

import re
from pathlib import Path

from backend.policies.choices import KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z_.]+)` \| .+ \| (.*?) ?\| .+ \|$", re.MULTILINE)


def test_the_table_is_the_list_of_keys() -> None:
    assert [(key, unit) for key, unit in ROW.findall(PAGE)] == [(key, unit) for key, (_, unit, _) in KEYS.items()]
