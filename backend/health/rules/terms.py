"""Terms of days (期限): both ends belong to the term."""

import datetime as dt


def inclusive_term(start: dt.date, days: int) -> tuple[dt.date, dt.date]:
    """The first and last of `days` days that begin with `start`: 14 days from 1 March end on 14 March.

    `days` is at least 1. A term that would run past the calendar ends with the calendar.
    """
    if days < 1:
        raise ValueError("a term has at least one day")
    try:
        return start, start + dt.timedelta(days=days - 1)
    except OverflowError:
        return start, dt.date.max
