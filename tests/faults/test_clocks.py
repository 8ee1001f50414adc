"""Phones whose clock is days off, or travels."""

import datetime as dt

import pytest

from tests.faults.scene import Scene

pytestmark = pytest.mark.faults
DAYS = dt.timedelta(days=3)


@pytest.mark.parametrize("days", [3, -3])
def test_a_clock_days_off_is_corrected(scene: Scene, days: int) -> None:
    """Mechanism: `skew = received − sent_at`, anew for each push. Without it the visits are days away, or doubtful."""
    phone = scene.phone(offset=dt.timedelta(days=days))
    scene.visits_on(phone, 12)
    scene.visit(phone, 3, "seen_unwell", people=[{"temperature": 38.2}])
    phone.sync()
    scene.whole(phone)
    scene.close_day(phone)


def test_a_clock_that_jumps_between_uploads_is_corrected_each_time(scene: Scene) -> None:
    """Mechanism: as above; a skew remembered from the push before would be three or six days wrong."""
    phone = scene.phone()
    for offset in (DAYS, -DAYS, dt.timedelta()):
        phone.offset = offset
        scene.visits_on(phone, 5)
        phone.sync()
    scene.whole(phone)


def test_a_clock_that_jumps_before_the_upload_keeps_the_phones_own_order(scene: Scene) -> None:
    """Mechanism: `seq`. Ordered by the phone's clock, the records of the fast hours would come last.

    Their times cannot be put right: nobody knows how far the clock was off when they were saved. What would lie in the
    future is kept out of figures until somebody confirms its time; nothing is lost.
    """
    line = scene.relay()
    phone = scene.phone(url=line.url)
    made: list[str] = []
    for offset in (DAYS, -DAYS, dt.timedelta()):
        phone.offset = offset
        made += [scene.visit(phone, len(made) + number) for number in range(3)]
    phone.sync()
    assert [record_id for push in line.pushes for record_id in push.ids] == made
    rows = scene.whole(phone, besides=set(made[:6]))
    assert [row["id"] for row in rows] == made
    assert [row["doubtful"] for row in rows] == [True] * 3 + [False] * 6
    slow = (dt.datetime.now(dt.timezone(dt.timedelta(hours=8))) - DAYS).date().isoformat()
    assert [row["day"] for row in rows[3:6]] == [slow] * 3
