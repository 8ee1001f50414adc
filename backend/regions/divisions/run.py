"""The whole way of an import: read, judge, write, mend, audit."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.audit.services import audit_record
from backend.regions.choices import Level
from backend.regions.divisions.codes import level_of
from backend.regions.divisions.files import Line, Refusal, read_file
from backend.regions.divisions.judge import judge_lines
from backend.regions.divisions.write import Written, divisions_write, known_divisions, parents_mend


@dataclass(slots=True)
class Outcome:
    """What an import did. `accepted` counts lines by level, pseudo levels included."""

    files: int
    accepted: Counter[Level]
    placeholders: int
    written: Written
    repeated: int
    mended: int
    refused: list[Refusal] = field(default_factory=list)


def divisions_import(
    *, files: Sequence[Path], actor: Any | None = None, progress: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Import division `files` into the tree; safe to repeat. Duty A1.

    Each chunk is a transaction of its own: what was read before a failure stays, and the next run goes on from there.
    """
    lines: list[Line] = []
    refused: list[Refusal] = []
    for file in files:
        before = len(lines), len(refused)
        for entry in read_file(file):
            if isinstance(entry, Line):
                lines.append(entry)
            else:
                refused.append(entry)
        progress(f"读取 {file.name}：{len(lines) - before[0]:,} 行可用，{len(refused) - before[1]:,} 行退回")
    judgement = judge_lines(lines, known_divisions())
    total = Written()
    for written in divisions_write(judgement.placed):
        total.created += written.created
        total.changed += written.changed
        total.unchanged += written.unchanged
        progress(f"写入 {total.created + total.changed + total.unchanged:,}/{len(judgement.placed):,}")
    mended = parents_mend()
    outcome = Outcome(
        files=len(files),
        accepted=Counter(level_of(p.code) for p in judgement.placed),
        placeholders=sum(p.placeholder for p in judgement.placed),
        written=total,
        repeated=judgement.repeated,
        mended=mended,
        refused=[*refused, *judgement.refused],
    )
    if total.created or total.changed or mended:
        audit_record(
            actor=actor,
            action="divisions_import",
            target_kind="divisions",
            target_id="",
            detail={"created": total.created, "changed": total.changed, "refused": len(outcome.refused)},
        )
    return outcome
