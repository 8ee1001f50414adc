"""What was refused: a table for the screen, a CSV for whoever mends the file."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from backend.regions.divisions.files import Refusal


def refusals_table(refused: Sequence[Refusal]) -> list[str]:
    """One line per file and reason: how many, and the first place to look."""
    counts = Counter((r.file, r.reason) for r in refused)
    lines = []
    for (file, reason), count in counts.most_common():
        sample = next(r for r in refused if (r.file, r.reason) == (file, reason))
        where = f"首见第 {sample.number} 行 {sample.code} {sample.name}".rstrip() if sample.number else "整个文件"
        lines.append(f"  {count:>7,}  {reason.value}  {file}  {where}")
    return lines


def refusals_save(refused: Sequence[Refusal], path: Path) -> None:
    """Write every refused line to a CSV that Excel opens: file, line, code, name, reason code, reason."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(["文件", "行", "代码", "名称", "原因代码", "原因"])
        out.writerows([r.file, r.number or "", r.code, r.name, r.reason.code, r.reason.value] for r in refused)
