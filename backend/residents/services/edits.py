"""What every edit shares: refused, with both values, where two people changed one field. See docs/edits.md."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.residents.rules import FieldMark, Marks, marked, merge


def edit_merge(
    *,
    current: Mapping[str, Any],
    changes: Mapping[str, Any],
    base_version: int,
    version: int,
    marks: Mapping[str, FieldMark],
    empty: Mapping[str, Any],
    shown: Mapping[str, Callable[[Any], Any]],
) -> dict[str, Any]:
    """The values to apply; nothing when the edit changes nothing.

    `current` has a value for each field that may be edited; `shown` masks fields that may not leave in the plain.
    Raises UNKNOWN_FIELD; BAD_FIELD for a version that does not exist yet; MISSING_FIELD for a field that may not be
    emptied; EDITED_ELSEWHERE with `detail={"version", "conflicts": [{field, stored, sent, by, at}]}`.
    """
    if unknown := set(changes) - set(current):
        raise ApiError(ErrorCode.UNKNOWN_FIELD, field=min(unknown))
    if base_version > version:
        raise ApiError(ErrorCode.BAD_FIELD, field="version")
    merged = merge(current=current, changes=changes, base_version=base_version, marks=marks, empty=empty)
    if merged.not_emptied:
        raise ApiError(ErrorCode.MISSING_FIELD, field=merged.not_emptied[0])
    if merged.clashes:
        conflicts = [
            {
                "field": field,
                "stored": _shown(field, current[field], shown),
                "sent": _shown(field, merged.changes[field], shown),
                "by": marks[field]["by"],
                "at": marks[field]["at"],
            }
            for field in merged.clashes
        ]
        raise ApiError(
            ErrorCode.EDITED_ELSEWHERE, field=merged.clashes[0], detail={"version": version, "conflicts": conflicts}
        )
    return merged.changes


def edit_mark(row: Any, fields: Collection[str], *, actor: Any | None) -> None:
    """Count `row`, unsaved, one version on, and note by whom and when `fields` changed."""
    row.version += 1
    marks: Marks = row.field_marks
    row.field_marks = marked(marks, fields, version=row.version, by=author_name(actor), at=clock.now())


def author_name(actor: Any | None) -> str:
    """Who is named as the author of an edit."""
    return str(actor) if actor is not None else "系统"


def _shown(field: str, value: Any, shown: Mapping[str, Callable[[Any], Any]]) -> Any:
    if value in (None, "", (), []):
        return None
    value = shown[field](value) if field in shown else value
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str | int | list | bool) else str(value)
