"""Pure decisions about time: how far a phone's clock is off, and which business day a fact belongs to."""

import datetime as dt

import msgspec

from backend.core.clock import at, business_day


class Placed(msgspec.Struct, frozen=True):
    """A moment put right: the corrected time, its business day, and whether it still cannot be true."""

    corrected_at: dt.datetime
    business_day: dt.date
    doubtful: bool


def clock_skew(*, received_at: dt.datetime, sent_at: dt.datetime) -> dt.timedelta:
    """What to add to a phone's times to get the server's: received − sent."""
    return received_at - sent_at


class Arrival:
    """An upload's receipt, by which its moments are put right: `skew` is added, and what cannot be true is noticed.

    More than `future` ahead of the receipt, or `past` behind it, is doubtful: the fact is filed under the day it was
    received, and stays out of figures until somebody confirms its time.
    """

    def __init__(self, *, received_at: dt.datetime, skew: dt.timedelta, future: dt.timedelta, past: dt.timedelta):
        self._received_at, self._skew = received_at, skew
        self._earliest, self._latest = received_at - past, received_at + future
        self._received_on = business_day(received_at)
        self._stay_on(self._received_on)

    def place(self, observed_at: dt.datetime) -> Placed:
        """The moment as it must have been."""
        try:
            corrected = observed_at + self._skew
        except OverflowError:
            return Placed(self._received_at, self._received_on, True)
        if not self._earliest <= corrected <= self._latest:
            return Placed(corrected, self._received_on, True)
        if not self._begins <= corrected < self._ends:
            self._stay_on(business_day(corrected))
        return Placed(corrected, self._day, False)

    def _stay_on(self, day: dt.date) -> None:
        """Records of an upload mostly share a day; asking the calendar about each costs more than two comparisons."""
        self._day = day
        self._begins = at(day, dt.time()).astimezone(dt.UTC)
        self._ends = at(day + dt.timedelta(days=1), dt.time()).astimezone(dt.UTC)
