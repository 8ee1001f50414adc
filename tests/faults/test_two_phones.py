"""The same upload from several sides at once, two phones of one user, many phones in the same minute."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from tests.conformance.breaking import copying
from tests.conformance.relay import PUSH
from tests.faults.scene import Scene, until_sent

pytestmark = pytest.mark.faults


def at_once(*deeds: Callable[[], object]) -> None:
    """All of them in the same moment, until the last is done."""
    start = threading.Barrier(len(deeds))

    def work(deed: Callable[[], object]) -> None:
        start.wait()
        deed()

    threads = [threading.Thread(target=work, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_five_copies_of_every_upload_over_five_connections(scene: Scene) -> None:
    """Mechanism: an id is claimed in `facts.SyncItem` by INSERT … ON CONFLICT, in the fact's own transaction.

    With a look before the insert in its place, copies that overlap are stored, or refused, more than once.
    """
    line = scene.relay()
    phone = scene.phone(url=line.url)
    scene.visits_on(phone, 60)
    with line.meanwhile(PUSH, copying(5)):
        phone.sync()
    scene.whole(phone)


def test_two_phones_of_one_user_with_the_same_record_send_at_once(scene: Scene) -> None:
    """Mechanism: the ledger knows an id whatever device brings it; the list of a day names devices.

    With the device in the key of the ledger, what both phones hold is stored twice.
    """
    one, other = scene.phone(), scene.phone()
    shared = scene.visit(one, 0)
    (item,) = one.store.waiting()
    # The second phone was set up from the queue of the first.
    other.store.save(
        record_id=shared, kind="visit", schema=1, observed_at=item["observed_at"], made_day=other.today(),
        body=item["body"],
    )  # fmt: skip
    scene.visits_on(one, 40)
    scene.visits_on(other, 40)
    at_once(one.sync, other.sync)
    scene.whole(one, other)
    for phone in (one, other):
        scene.close_day(phone)


def test_phones_that_come_online_in_the_same_moment(scene: Scene) -> None:
    """Mechanism: a busy server says 429 or 503, never loses, and the phone asks again with the same ids.

    Without the retry in `upload.py` something still waits; without `busy` the server answers 5xx under more phones than
    a test has: `bin/bench drain`.
    """
    phones = [scene.phone() for _ in range(12)]
    for phone in phones:
        scene.visits_on(phone, 60)
    at_once(*(partial(until_sent, phone) for phone in phones))
    scene.whole(*phones)
