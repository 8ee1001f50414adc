"""Pure decisions about an arrival and a leaving."""

import datetime as dt
import re

from backend.core.errors import ErrorCode
from backend.returnees.choices import Transport

Problem = tuple[ErrorCode, str]


def arrival_problem(*, arrived_on: dt.date, today: dt.date) -> Problem | None:
    """Nobody is registered before having arrived: `(code, field)` when `arrived_on` lies after `today`."""
    return (ErrorCode.ARRIVAL_IN_FUTURE, "arrived_on") if arrived_on > today else None


def correction_problem(*, arrived_on: dt.date, registered_on: dt.date) -> Problem | None:
    """Who was registered was here: `(code, field)` when a corrected `arrived_on` lies after `registered_on`."""
    return (ErrorCode.ARRIVAL_AFTER_REGISTRATION, "arrived_on") if arrived_on > registered_on else None


def arrival_doubtful(*, arrived_on: dt.date, today: dt.date, plausible_days: int) -> bool:
    """Whether the arrival lies more than `plausible_days` back: stored, and shown to the office to be checked."""
    return (today - arrived_on).days > plausible_days


def leaving_problem(*, arrived_on: dt.date, left_on: dt.date, today: dt.date) -> Problem | None:
    """`(code, field)` when `left_on` lies before the arrival or after `today`."""
    if left_on < arrived_on:
        return ErrorCode.LEFT_BEFORE_ARRIVAL, "left_on"
    return (ErrorCode.LEAVING_IN_FUTURE, "left_on") if left_on > today else None


def travel_problem(*, transport: str, transport_number: str, via: str) -> Problem | None:
    """How somebody travelled: a choice, the number of that train, flight or car, and where he stopped on the way."""
    if transport and transport not in Transport.values:
        return ErrorCode.BAD_FIELD, "transport"
    if transport_number and not transport:
        return ErrorCode.MISSING_FIELD, "transport"
    if len(transport_number) > 40 or _controls(transport_number):
        return ErrorCode.BAD_FIELD, "transport_number"
    return (ErrorCode.BAD_FIELD, "via") if len(via) > 120 or _controls(via) else None


_WORDS = {
    Transport.TRAIN: ("火车", "高铁", "动车", "列车"), Transport.PLANE: ("飞机", "航班"),
    Transport.COACH: ("客车", "大巴", "班车", "长途汽车"), Transport.CAR: ("自驾", "私家车", "开车"),
    Transport.SHIP: ("船", "轮渡"),
}  # fmt: skip
#: A plate may hold such letters and digits too, but never at its beginning.
_NUMBERS = {
    Transport.TRAIN: re.compile(r"(?:^|\s)[GDCZTK]\d{1,4}(?!\d)"),
    Transport.PLANE: re.compile(r"(?:^|\s)[A-Z]{2}\d{3,4}(?!\d)"),
}


def transport_read(text: str) -> tuple[str, str]:
    """What was once written in free text, as `(transport, transport_number)`; no word of it is lost.

    A kind is taken where the text speaks of one only, anything else is "other". What is more than the kind's own name
    stays beside it, word for word.
    """
    words = "".join(" " if _controls(c) else c for c in text).strip()
    if not words:
        return "", ""
    told = [kind for kind, names in _WORDS.items() if any(name in words for name in names)]
    if not told:
        told = [kind for kind, number in _NUMBERS.items() if number.search(words.upper())]
    kind = told[0] if len(told) == 1 else Transport.OTHER
    return kind.value, words.removeprefix(str(kind.label)).strip()


def _controls(text: str) -> bool:
    return any(ord(c) < 32 or ord(c) == 127 for c in text)


def origin_problem(*, code: str, text: str) -> Problem | None:
    """Where somebody came from is a region (province, prefecture or county) or words; one of them must be given."""
    if code and not (code.isascii() and code.isdigit() and len(code) in (2, 4, 6)):
        return ErrorCode.BAD_REGION_CODE, "origin"
    if not code and not text.strip():
        return ErrorCode.MISSING_FIELD, "origin"
    if len(text) > 60 or _controls(text):
        return ErrorCode.BAD_FIELD, "origin_text"
    return None
