"""Pure decisions about an arrival and a leaving."""

import datetime as dt

from backend.core.errors import ErrorCode

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


def transport_problem(text: str) -> Problem | None:
    """How somebody travelled is told in forty characters, without control characters."""
    bad = len(text) > 40 or any(ord(c) < 32 or ord(c) == 127 for c in text)
    return (ErrorCode.BAD_FIELD, "transport") if bad else None


def origin_problem(*, code: str, text: str) -> Problem | None:
    """Where somebody came from is a region (province, prefecture or county) or words; one of them must be given."""
    if code and not (code.isascii() and code.isdigit() and len(code) in (2, 4, 6)):
        return ErrorCode.BAD_REGION_CODE, "origin"
    if not code and not text.strip():
        return ErrorCode.MISSING_FIELD, "origin"
    if len(text) > 60 or any(ord(c) < 32 or ord(c) == 127 for c in text):
        return ErrorCode.BAD_FIELD, "origin_text"
    return None
