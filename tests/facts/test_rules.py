"""Clock correction: what a phone's clock says, made right."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from backend.core.clock import SHANGHAI, business_day
from backend.facts.rules import Arrival, clock_skew

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=SHANGHAI)
FUTURE, PAST = dt.timedelta(minutes=10), dt.timedelta(days=31)


@given(
    st.timedeltas(min_value=dt.timedelta(days=-3000), max_value=dt.timedelta(days=3000)),
    st.timedeltas(min_value=dt.timedelta(0), max_value=dt.timedelta(days=30)),
)
def test_whatever_the_phones_clock_the_corrected_time_is_right(off: dt.timedelta, ago: dt.timedelta) -> None:
    skew = clock_skew(received_at=NOW, sent_at=NOW + off)
    placed = Arrival(received_at=NOW, skew=skew, future=FUTURE, past=PAST).place(NOW + off - ago)
    assert placed.corrected_at == NOW - ago
    assert placed.business_day == business_day(NOW - ago)
    assert not placed.doubtful


@given(st.datetimes(timezones=st.just(dt.UTC)), st.datetimes(timezones=st.just(dt.UTC)))
def test_no_pair_of_times_is_refused(observed: dt.datetime, sent: dt.datetime) -> None:
    skew = clock_skew(received_at=NOW, sent_at=sent)
    placed = Arrival(received_at=NOW, skew=skew, future=FUTURE, past=PAST).place(observed)
    within = NOW - PAST <= placed.corrected_at <= NOW + FUTURE
    assert placed.doubtful == (not within) or placed.corrected_at == NOW
    if placed.doubtful:
        assert placed.business_day == business_day(NOW)


@given(st.lists(st.timedeltas(min_value=dt.timedelta(0), max_value=dt.timedelta(days=30)), max_size=20))
def test_every_record_of_an_upload_has_its_own_day(agos: list[dt.timedelta]) -> None:
    """Mechanism: the day's bounds. Kept from the record before, a backlog of a week would all be of one day."""
    arrival = Arrival(received_at=NOW, skew=dt.timedelta(0), future=FUTURE, past=PAST)
    assert [arrival.place(NOW - ago).business_day for ago in agos] == [business_day(NOW - ago) for ago in agos]


def test_midnight_belongs_to_the_day_that_begins_in_shanghai() -> None:
    midnight = dt.datetime(2026, 11, 21, 16, 0, tzinfo=dt.UTC)
    assert business_day(midnight) == dt.date(2026, 11, 22)
    assert business_day(midnight - dt.timedelta(microseconds=1)) == dt.date(2026, 11, 21)
