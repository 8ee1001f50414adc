"""What a rule says in a place on a day (政策取值): most specific region, date of the event. See docs/policies.md.

Rules change a few times a year and are read thousands of times a second, so each process keeps all of them. Every
`LIFETIME` seconds it asks, in one small query, whether anything was loaded since; only then are they read again.
"""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max

from backend.core.errors import ApiError, ErrorCode
from backend.core.scope import ancestors
from backend.policies.choices import KEYS
from backend.policies.models import PolicyPack, PolicyRule
from backend.policies.rules import as_used

#: A newly loaded pack reaches every process within this many seconds.
LIFETIME = 5.0


class PolicyMissingError(LookupError):
    """No rule says anything about this key on this day: a gap in the packs, never the caller's fault."""


@dataclass(frozen=True)
class PolicyValue:
    """A rule's answer. `value` is as `policies.rules.as_used` gives it; `wire` the same as plain JSON."""

    key: str
    value: Any
    wire: Any
    unit: str
    version: str
    clause: str
    document: str
    duty: str
    region_code: str

    @property
    def basis(self) -> str:
        """Document and clause as one text, for records that must say what decided them (at most 200 characters)."""
        return " ".join(filter(None, (self.document, self.clause)))


@dataclass(frozen=True)
class _Term:
    valid_from: dt.date
    valid_to: dt.date
    answer: PolicyValue


#: (key, region) → terms, which never overlap.
_Book = dict[tuple[str, str], tuple[_Term, ...]]


class _Shelf:
    """The rules this process keeps, and how it knows that they are still the ones in force."""

    def __init__(self) -> None:
        self.book: _Book = {}
        self.mark: object = None
        self.checked_at = -1e9
        self.lock = threading.Lock()

    def current(self) -> _Book:
        if time.monotonic() - self.checked_at < LIFETIME:
            return self.book
        with self.lock:
            if time.monotonic() - self.checked_at >= LIFETIME:
                mark = _mark()
                if mark != self.mark:
                    # In this order: rules loaded in between make the next check differ, never be missed.
                    self.book, self.mark = _read(), mark
                self.checked_at = time.monotonic()
            return self.book


def _mark() -> object:
    """Something that differs whenever a pack was loaded or replaced."""
    found = PolicyPack.objects.aggregate(Count("pk"), Max("pk"), Max("loaded_at"), Max("replaced_at"))
    return tuple(found.values())


def _read() -> _Book:
    book: dict[tuple[str, str], list[_Term]] = {}
    for rule in PolicyRule.objects.filter(in_force=True):
        if rule.key in KEYS:
            answer = PolicyValue(
                rule.key,
                as_used(rule.key, rule.value),
                rule.value,
                rule.unit,
                rule.version,
                rule.clause,
                rule.document,
                rule.duty,
                rule.region_code,
            )
            term = _Term(rule.valid_from, rule.valid_to or dt.date.max, answer)
            book.setdefault((rule.key, rule.region_code), []).append(term)
    return {place: tuple(terms) for place, terms in book.items()}


_shelf = _Shelf()


def forget_rules() -> None:
    """Read the rules again at the next question: after a pack was loaded in this process, and between tests."""
    _shelf.checked_at = -1e9
    _shelf.mark = None


def value_of(key: str, *, region_code: str, on: dt.date) -> PolicyValue:
    """What rule `key` says in `region_code` for an event of day `on`; no query while the kept rules are fresh.

    Raises `PolicyMissingError` when no pack has a rule for that day.
    """
    answer = _answer(_shelf.current(), key, region_code, on)
    if answer is None:
        raise PolicyMissingError(f"{key} {region_code} {on.isoformat()}")
    return answer


def _answer(book: _Book, key: str, region_code: str, on: dt.date) -> PolicyValue | None:
    for place in (*reversed(ancestors(region_code)), ""):
        for term in book.get((key, place), ()):
            if term.valid_from <= on <= term.valid_to:
                return term.answer
    return None


def values_in_force(*, region_code: str, on: dt.date) -> list[PolicyValue]:
    """The answer of every key that has one in `region_code` on day `on`, in the order of `choices.KEYS`."""
    book = _shelf.current()
    return [answer for key in KEYS if (answer := _answer(book, key, region_code, on))]


def packs_in_force() -> Iterator[PolicyPack]:
    """The packs whose rules apply now, national base first."""
    return PolicyPack.objects.filter(replaced_at=None).order_by("region_code", "name").iterator()


def day_asked(text: str, *, default: dt.date) -> dt.date:
    """The day in a query parameter; `default` when empty. Raises BAD_FIELD."""
    if not text:
        return default
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ApiError(ErrorCode.BAD_FIELD, field="on") from error
