"""Cells are split and merged while phones have no network."""

from uuid import uuid4

import pytest

from reference_client.client import ReferenceClient
from tests.faults.scene import Scene

pytestmark = pytest.mark.faults


def registration(phone: ReferenceClient, cell: str) -> tuple[str, str]:
    """A new household, written down at its door: the record's id and the household's."""
    household = str(uuid4())
    body = {"household": household, "region": cell, "address": "新楼1号", "head_name": "新户主", "headcount": 2}
    return phone.save("household", body), household


def test_a_split_takes_the_records_of_its_households_along(scene: Scene) -> None:
    """Mechanism: `previous_codes`, the cells a household lay in, and its tombstone in the cell that it left.

    Without the first his visits come back as `unknown_household`; without the second the new cell's doors stay on his
    phone.
    """
    worker, (stay, go) = scene.worker, (scene.homes[:5], scene.homes[5:])
    for home in go:
        scene.world.do("edit", household=home, building="9")
    phone = scene.phone()
    old = [scene.visit(phone, door) for door in range(5)]
    new = [scene.visit(phone, door) for door in range(5, 10)]
    made = scene.world.do("split", region=worker.cell, building="9")
    phone.sync()
    assert phone.upload.problem is None
    rows = scene.whole(phone, besides=set(new))
    scene.whole(phone, besides=set(old), cell=made)
    assert [row["region"] for row in rows] == [worker.cell] * 5 + [made] * 5
    assert set(phone.store.cached("household")) == set(stay)
    scene.close_day(phone)


def test_a_merger_takes_visits_and_registrations_along_and_the_worker_goes_on(scene: Scene) -> None:
    """Mechanism: the successor of a cell, for registrations (`cells_in_use`), and for those who serve in it.

    Without it what he registered for the closed cell comes back as `unknown_region`, and he has no cell any more.
    """
    worker = scene.worker
    phone = scene.phone()
    visits = scene.visits_on(phone, 10)
    record, household = registration(phone, worker.cell)
    scene.world.do("merge", region=worker.cell, into=worker.other_cell)
    phone.sync()
    assert phone.upload.problem is None
    rows = scene.whole(phone, cell=worker.other_cell, registered={record})
    assert {row["region"] for row in rows} == {worker.other_cell}
    assert [row["id"] for row in rows] == visits
    assert set(phone.store.cached("household")) == {*worker.households, *worker.other_households, household}
    assert phone.store.cached("household")[household]["region"] == worker.other_cell
    assert phone.store.scope == sorted([worker.cell, worker.other_cell])
    scene.close_day(phone)


def test_a_merger_undone_while_records_wait_leaves_none_behind(scene: Scene) -> None:
    """Mechanism: as above, twice over: a household remembers every cell that it lay in."""
    worker, phone = scene.worker, scene.phone()
    scene.visits_on(phone, 10)
    scene.world.do("merge", region=worker.cell, into=worker.other_cell)
    back = scene.world.do("split", region=worker.other_cell, origin=worker.cell)
    phone.sync()
    rows = scene.whole(phone, cell=back)
    assert {row["region"] for row in rows} == {back}
    assert set(phone.store.cached("household")) == set(worker.other_households)
