"""Records that were handed up as the office reads them: what they are of, and why they were sent back."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from backend.core.errors import ErrorCode
from backend.core.fields import is_region_code
from backend.core.office.directory import directory
from backend.core.scope import ancestors
from backend.core.symptoms import Symptom
from backend.health.choices import Method, Session
from backend.residents.choices import DeclineReason, HandOverReason, HandOverState
from backend.residents.selectors import HouseholdRef, PersonRef, households_by_id, people_by_id
from backend.sync.choices import ItemKind
from backend.sync.conflict_words import field_word, value_words
from backend.visits.choices import Need, Outcome

_FIELDS = {
    "outcome": "走访结果", "people": "家庭成员", "needs": "需求", "note": "备注", "temperature": "体温",
    "symptoms": "症状", "session": "早晚", "method": "方式", "reachable": "联系上", "region": "网格", "person": "人员",
    "answer": "答复", "reason": "原因", "to": "移交给",
}  # fmt: skip
_CHOICES: dict[str, dict[str, Any]] = {
    "outcome": dict(Outcome.choices), "needs": dict(Need.choices), "symptoms": dict(Symptom.choices),
    "session": dict(Session.choices), "method": dict(Method.choices), "answer": dict(HandOverState.choices),
    "reason": {**dict(HandOverReason.choices), **dict(DeclineReason.choices)},
}  # fmt: skip
_REGIONS = ("region", "to")
_NUMBERS = ("temperature", "headcount", "floor")
#: Ids and numbers that mean nothing to a reader.
_NOT_SHOWN = ("version", "returnee", "handover", "conflict")
#: Who brings a name registers somebody; the id beside it is new, and stands for nothing yet.
_NEW_BESIDE = {"name": "person", "head_name": "household"}


def kind_word(kind: str) -> str:
    """What kind of record it is, in Chinese; as it was sent, where this server knows no such kind."""
    return str(ItemKind(kind).label) if kind in ItemKind.values else kind


def code_sentence(code: str) -> str:
    """Why it was sent back: the sentence of the code, or the code of a server older or newer."""
    known = ErrorCode.__members__.get(code.upper())
    return known.message if known else code


@dataclass(frozen=True)
class _Named:
    """What a record names, looked up all at once."""

    homes: Mapping[uuid.UUID, HouseholdRef]
    people: Mapping[uuid.UUID, PersonRef]
    regions: Mapping[str, str]
    value: Callable[[str, Any], str]


def record_lines(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every field of a record's body as `(word, value)`, of whatever shape it is; changes of an edit stand in line.

    Four queries at most, however many people it speaks of.
    """
    return _lines(body, _named(body))


def _named(body: Mapping[str, Any]) -> _Named:
    pairs = list(_pairs(body))
    origins = [{"field": "origin", "mine": value, "theirs": None} for name, value in pairs if _is_origin(name, value)]
    codes = {part for name, value in pairs if _is_region(name, value) for part in ancestors(value)}
    return _Named(
        homes=households_by_id({key for name, value in pairs if name == "household" and (key := _key(value))}),
        people=people_by_id({key for name, value in pairs if name == "person" and (key := _key(value))}),
        regions=directory().names(codes) if codes else {},
        value=value_words(origins),
    )


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every name with its value, however deep."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name, inner
            yield from _pairs(inner)
    elif isinstance(value, list):
        for each in value:
            yield from _pairs(each)


def _lines(body: Mapping[str, Any], named: _Named) -> list[tuple[str, str]]:
    new = {of for name, of in _NEW_BESIDE.items() if name in body}
    flat = {name: value for name, value in body.items() if name not in {"changes", *_NOT_SHOWN, *new}}
    if isinstance(changes := body.get("changes"), dict):
        flat |= changes
    return [(_FIELDS.get(name) or field_word(name), _words(name, value, named)) for name, value in flat.items()]


def _words(name: str, value: Any, named: _Named) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return "；".join("，".join(f"{word} {said}" for word, said in _lines(each, named)) for each in value)
    if value is None:
        return named.value(name, value)
    if not isinstance(value, str | int | float) and not _is_texts(value):
        return msgspec.json.encode(value).decode()
    return _said(name, value, named)


def _said(name: str, value: Any, named: _Named) -> str:
    """A text, a number, or a list of texts."""
    if name in ("household", "person"):
        return _record(name, value, named)
    if name in _CHOICES:
        labels = _CHOICES[name]
        return "、".join(str(labels.get(each, each)) for each in (value if isinstance(value, list) else [value]))
    if name in _REGIONS:
        return _region(value, named)
    if name in _NUMBERS or (name == "origin" and not _is_origin(name, value)):
        return str(value)
    return named.value(name, value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_origin(name: str, value: Any) -> bool:
    """An origin as a code of the administrative divisions; anything else stands as it was sent."""
    return (
        name == "origin" and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in (2, 4, 6)
    )


def _is_region(name: str, value: Any) -> bool:
    return name in _REGIONS and isinstance(value, str) and is_region_code(value)


def _key(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None


def _record(name: str, value: Any, named: _Named) -> str:
    """A household or person by the door; the id where there is none."""
    key = _key(value)
    if key is None:
        return str(value)
    found = named.homes.get(key) if name == "household" else named.people.get(key)
    return found.place if found else f"系统里没有（{key}）"


def _region(value: Any, named: _Named) -> str:
    """A cell or village with what it lies in; the code where there is none."""
    if not isinstance(value, str) or value not in named.regions:
        return str(value)
    return " › ".join([named.regions[part] for part in ancestors(value) if part in named.regions][-3:])
