"""A worker is moved to another cell while he has no network."""

import pytest

from tests.conformance.breaking import stumbling_over
from tests.conformance.relay import PUSH
from tests.faults.scene import Scene

pytestmark = pytest.mark.faults


def test_what_he_recorded_before_goes_to_the_old_cell_and_the_new_one_comes(scene: Scene) -> None:
    """Mechanism: `User.scope_on`, the cells that were his on the day of the record.

    With today's cells alone his visits come back as `unknown_household`. Without the scope in the cursor the old cell's
    households stay on the phone.
    """
    phone, worker = scene.phone(), scene.worker
    scene.visits_on(phone, 20)
    scene.world.do("revoke", username=worker.username, region=worker.cell)
    scene.world.do("grant", username=worker.username, region=worker.other_cell)
    phone.sync()
    assert phone.upload.problem is None
    rows = scene.whole(phone)
    assert {row["region"] for row in rows} == {worker.cell}
    assert phone.store.scope == [worker.other_cell]
    assert set(phone.store.cached("household")) == set(worker.other_households)
    scene.close_day(phone)


def test_he_goes_on_in_the_new_cell_with_the_same_queue(scene: Scene) -> None:
    """Mechanism: a change of scope empties the read cache, never the outbox (`Store.apply`)."""
    line = scene.relay()
    phone, worker = scene.phone(url=line.url), scene.worker
    old = scene.visits_on(phone, 5)
    scene.world.do("revoke", username=worker.username, region=worker.cell)
    scene.world.do("grant", username=worker.username, region=worker.other_cell)
    with line.meanwhile(PUSH, stumbling_over(old[0])):
        phone.sync()
    # One record could not go up; the new cell came all the same, and took nothing with it.
    assert phone.store.scope == [worker.other_cell]
    assert [item["id"] for item in phone.store.waiting()] == [old[0]]
    phone.sync()
    scene.homes = worker.other_households
    new = [scene.visit(phone, door) for door in range(3)]
    phone.sync()
    scene.whole(phone, besides=set(new))
    scene.whole(phone, besides=set(old), cell=worker.other_cell)
