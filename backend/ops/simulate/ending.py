"""How a simulation ends: its table, its report as JSON, and what it found in words and as exit code."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from backend.ops.simulate.table import table

#: Differences shown; the file has all of them.
_SHOWN = 40


def result_tell(
    *, rows: Sequence[tuple[str, str]], report: dict[str, Any], differences: Sequence[str], sound: str,
    known_as: str = "", say: Callable[[str], None],
) -> None:  # fmt: skip
    """Say the table, write `report` to `result.json` of the stack's folder, and say `sound` where nothing differs.

    Raises CommandError with exit code 1 where something does; `known_as` tells by what the run can be repeated.
    """
    say("")
    for line in table(rows):
        say(line)
    (settings.VAR / "result.json").write_text(json.dumps(report, ensure_ascii=False, indent=2))
    if differences:
        for difference in differences[:_SHOWN]:
            say(f"  ✗ {difference}")
        raise CommandError(f"与真值不符：{len(differences)} 处{known_as}", returncode=1)
    say(sound)
