"""Records that were handed up as the office reads them: what they are of, and why they were sent back."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from backend.core.errors import ErrorCode
from backend.core.symptoms import Symptom
from backend.health.choices import Method, Session
from backend.residents.choices import DeclineReason, HandOverReason, HandOverState
from backend.residents.selectors import households_by_id
from backend.sync.choices import ItemKind
from backend.sync.conflict_words import field_word, value_words
from backend.visits.choices import Need, Outcome

_FIELDS = {
    "outcome": "走访结果", "people": "家庭成员", "needs": "需求", "note": "备注", "temperature": "体温",
    "symptoms": "症状", "session": "早晚", "method": "方式", "reachable": "联系上", "region": "网格", "person": "人员",
    "returnee": "返乡登记", "version": "依据的版本", "handover": "移交", "answer": "答复", "reason": "原因",
    "to": "移交给",
}  # fmt: skip
_CHOICES: dict[str, dict[str, Any]] = {
    "outcome": dict(Outcome.choices), "needs": dict(Need.choices), "symptoms": dict(Symptom.choices),
    "session": dict(Session.choices), "method": dict(Method.choices), "answer": dict(HandOverState.choices),
    "reason": {**dict(HandOverReason.choices), **dict(DeclineReason.choices)},
}  # fmt: skip
#: Ids and codes that no words belong to.
_AS_SENT = ("person", "returnee", "handover", "region", "to", "version", "temperature", "headcount", "floor")


def kind_word(kind: str) -> str:
    """What kind of record it is, in Chinese; as it was sent, where this server knows no such kind."""
    return str(ItemKind(kind).label) if kind in ItemKind.values else kind


def code_sentence(code: str) -> str:
    """Why it was sent back: the sentence of the code, or the code of a server older or newer."""
    known = ErrorCode.__members__.get(code.upper())
    return known.message if known else code


def record_lines(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every field of a record's body as `(word, value)`, of whatever shape it is; changes of an edit stand in line."""
    flat = {name: value for name, value in body.items() if name != "changes"}
    if isinstance(changes := body.get("changes"), dict):
        flat |= changes
    origin = flat.get("origin")
    entries = [{"field": "origin", "mine": origin, "theirs": None}] if _is_code(origin) else []
    known = value_words(entries)
    return [(_FIELDS.get(name) or field_word(name), _words(name, value, known)) for name, value in flat.items()]


def _words(name: str, value: Any, known: Callable[[str, Any], str]) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return "；".join("，".join(f"{word} {said}" for word, said in record_lines(each)) for each in value)
    if not isinstance(value, str | int | float | None) and not _is_texts(value):
        return msgspec.json.encode(value).decode()
    return _said(name, value, known)


def _said(name: str, value: Any, known: Callable[[str, Any], str]) -> str:
    """A text, a number, nothing, or a list of texts."""
    if name == "household":
        return _home(value)
    if name in _CHOICES:
        labels = _CHOICES[name]
        return "、".join(str(labels.get(each, each)) for each in (value if isinstance(value, list) else [value]))
    if name in _AS_SENT or (name == "origin" and not _is_code(value)):
        return str(value)
    return known(name, value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in (2, 4, 6)


def _home(value: Any) -> str:
    """A household by its door, one query; its id where there is none."""
    try:
        key = uuid.UUID(str(value))
    except ValueError:
        return str(value)
    home = households_by_id({key}).get(key)
    return home.place if home else f"系统里没有此户（{key}）"
