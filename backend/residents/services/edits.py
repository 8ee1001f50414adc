"""What every edit shares: where two people changed one field, the second is refused with both values, or, when he was
out of reach and cannot be asked, the rest is applied and both values are handed back. See docs/edits.md."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.residents.rules import EditOrigin, FieldMark, Marks, Merge, marked, merge


@dataclass(frozen=True, slots=True, repr=False)
class Clash:
    """A field that somebody else changed meanwhile: `sent` is not written, `stored` stands. Both in the plain.

    `sent_shown` and `stored_shown` are the same as they may leave the server: masked, None where empty.
    """

    field: str
    sent: Any
    sent_shown: Any
    stored_shown: Any
    by: str
    at: str


@dataclass(frozen=True, slots=True, repr=False)
class LateEdit:
    """An edit that comes late from a phone: made on top of `base_version`, by the phone and user of `origin`.

    Without a `base_version` it is made on what stands now: somebody looked at both values and chose.
    """

    base_version: int | None
    changes: Mapping[str, Any]
    origin: EditOrigin | None = None


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
    merged = _sound(merge(current=current, changes=changes, base_version=base_version, marks=marks, empty=empty))
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


def edit_part(
    *,
    current: Mapping[str, Any],
    edit: LateEdit,
    version: int,
    marks: Mapping[str, FieldMark],
    empty: Mapping[str, Any],
    shown: Mapping[str, Callable[[Any], Any]],
    together: Collection[Collection[str]] = (),
) -> tuple[dict[str, Any], list[Clash]]:
    """The values to apply, and what clashed. Of each group in `together` either all are applied or all clash.

    A version that does not exist here was lost with a restored backup: whatever anybody edited is then compared.
    Raises MISSING_FIELD for a field that may not be emptied.
    """
    base = version if edit.base_version is None else edit.base_version if edit.base_version <= version else 0
    merged = _sound(
        merge(current=current, changes=edit.changes, base_version=base, marks=marks, empty=empty, origin=edit.origin)
    )
    clashing = set(merged.clashes)
    for group in together:
        if clashing & set(group):
            clashing |= set(group) & set(merged.changes)
    nobody: FieldMark = {"version": version, "by": "", "at": ""}
    last = max((marks[field] for field in merged.clashes), key=lambda mark: mark["version"], default=nobody)
    clashes = [
        Clash(
            field, merged.changes[field], _shown(field, merged.changes[field], shown),
            _shown(field, current[field], shown), marks.get(field, last)["by"], marks.get(field, last)["at"],
        )
        for field in sorted(clashing)
    ]  # fmt: skip
    return {field: value for field, value in merged.changes.items() if field not in clashing}, clashes


def _sound(merged: Merge) -> Merge:
    """Raises MISSING_FIELD for a field that may not be emptied."""
    if merged.not_emptied:
        raise ApiError(ErrorCode.MISSING_FIELD, field=merged.not_emptied[0])
    return merged


def edit_mark(row: Any, fields: Collection[str], *, actor: Any | None, origin: EditOrigin | None = None) -> None:
    """Count `row`, unsaved, one version on, and note by whom and when `fields` changed."""
    row.version += 1
    marks: Marks = row.field_marks
    row.field_marks = marked(
        marks, fields, version=row.version, by=author_name(actor), at=clock.now(), origin=origin
    )  # fmt: skip


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
