"""Pure decisions about time: how far a phone's clock is off, and which business day a fact belongs to."""

import datetime as dt
from typing import NamedTuple

from backend.core.clock import business_day


class Placed(NamedTuple):
    """A moment put right: the corrected time, its business day, and whether it still cannot be true."""

    corrected_at: dt.datetime
    business_day: dt.date
    doubtful: bool


def clock_skew(*, received_at: dt.datetime, sent_at: dt.datetime) -> dt.timedelta:
    """What to add to a phone's times to get the server's: received − sent."""
    return received_at - sent_at


def place_in_time(
    *, observed_at: dt.datetime, skew: dt.timedelta, received_at: dt.datetime, future: dt.timedelta, past: dt.timedelta
) -> Placed:
    """Correct `observed_at` by `skew`. More than `future` ahead of the receipt, or `past` behind it, is doubtful.

    A doubtful fact is filed under the day it was received, and stays out of figures until somebody confirms its time.
    """
    try:
        corrected = observed_at + skew
    except OverflowError:
        return Placed(received_at, business_day(received_at), True)
    if received_at - past <= corrected <= received_at + future:
        return Placed(corrected, business_day(corrected), False)
    return Placed(corrected, business_day(received_at), True)
