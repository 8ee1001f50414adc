"""Edits made apart and brought together (修改合并): field by field, the server's order deciding. See docs/edits.md.

An edit names the version it was made on and the fields it changed. Different fields merge. A field that somebody else
changed since, to another value, is a clash. An empty value says nothing, so that a screen that forgot a field blanks
nothing; `None` empties a field on purpose.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict


class FieldMark(TypedDict):
    """When a field last changed: the version that came of it, by whom, and the server's business time (ISO 8601).

    `source` and `seq` say where in the own order of which phone and user the change stood, if it came from a phone.
    """

    version: int
    by: str
    at: str
    source: NotRequired[str]
    seq: NotRequired[int]


Marks = dict[str, FieldMark]


@dataclass(frozen=True, slots=True)
class EditOrigin:
    """The phone and user an edit comes from, and its place in that phone's own order."""

    device: uuid.UUID
    user: int
    seq: int

    @property
    def source(self) -> str:
        return f"{self.device}/{self.user}"

    def follows(self, mark: FieldMark) -> bool:
        """Whether `mark` is this very phone's earlier word: made offline, both edits know the same version."""
        return mark.get("source") == self.source and mark.get("seq", 0) < self.seq


@dataclass(frozen=True, slots=True)
class Merge:
    """What an edit comes to: the values to apply, the fields it may not empty, and those it lost to somebody else."""

    changes: dict[str, Any]
    not_emptied: tuple[str, ...]
    clashes: tuple[str, ...]


def merge(
    *,
    current: Mapping[str, Any],
    changes: Mapping[str, Any],
    base_version: int,
    marks: Mapping[str, FieldMark],
    empty: Mapping[str, Any],
    origin: EditOrigin | None = None,
) -> Merge:
    """Lay `changes`, made on top of `base_version`, over `current`.

    `empty` maps each field that may be emptied to its empty value. What is as it was changes nothing. With an `origin`
    what the same phone said before is no clash.
    """
    wanted: dict[str, Any] = {}
    not_emptied = []
    for field, value in changes.items():
        if value is None:
            if field not in empty:
                not_emptied.append(field)
                continue
            wanted[field] = empty[field]
        elif not _says_nothing(value):
            wanted[field] = value
    differing = {f: v for f, v in wanted.items() if _comparable(current[f]) != _comparable(v)}
    clashes = sorted(
        f
        for f in differing
        if f in marks and marks[f]["version"] > base_version and not (origin and origin.follows(marks[f]))
    )
    return Merge(differing, tuple(sorted(not_emptied)), tuple(clashes))


def marked(
    marks: Mapping[str, FieldMark],
    fields: Collection[str],
    *,
    version: int,
    by: str,
    at: dt.datetime,
    origin: EditOrigin | None = None,
) -> Marks:
    """`marks` after `fields` changed in `version`."""
    mark: FieldMark = {"version": version, "by": by, "at": at.isoformat()}
    if origin is not None:
        mark["source"], mark["seq"] = origin.source, origin.seq
    return {**marks, **dict.fromkeys(fields, mark)}


def _says_nothing(value: Any) -> bool:
    return (isinstance(value, str) and not value.strip()) or (isinstance(value, list | tuple) and not value)


def _comparable(value: Any) -> Any:
    """Two spellings of one value compare equal: text without its margins, flags without their order."""
    if isinstance(value, str):
        return value.strip()
    return sorted(value) if isinstance(value, list | tuple) else value
