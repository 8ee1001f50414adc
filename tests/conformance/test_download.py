"""docs/sync.md, "Pull" and "History": each rule as one scenario."""

from typing import Any

import pytest

from tests.conformance import breaking
from tests.conformance.conftest import Scene
from tests.conformance.relay import PULL
from tests.conformance.world import visit_item

pytestmark = pytest.mark.e2e


def homes(scene: Scene) -> set[str]:
    return set(scene.phone.cached("household"))


def sync_until(scene: Scene, condition: Any) -> None:
    """A change shows once every older transaction has ended: asked for again until it is there."""

    def so() -> bool:
        scene.phone.sync()
        return bool(condition())

    scene.phone.until(so)


def test_a_first_download_is_the_cell_and_nothing_else(scene: Scene) -> None:
    assert homes(scene) == set(scene.worker.households)


def test_what_others_recorded_comes_down(scene: Scene) -> None:
    (result,) = scene.server.push(visit_item(scene.worker.households[0]))
    sync_until(scene, lambda: result["id"] in scene.phone.cached("visit"))


def test_a_later_pull_brings_only_what_is_new(scene: Scene) -> None:
    scene.phone.sync()
    answers: list[dict[str, Any]] = []
    (result,) = scene.server.push(visit_item(scene.worker.households[0]))
    with scene.relay.meanwhile(PULL, breaking.altering(answers.append)):
        sync_until(scene, lambda: result["id"] in scene.phone.cached("visit"))
    changes = [change for answer in answers for change in answer["changes"]]
    assert [(c["kind"], c["id"]) for c in changes] == [("visit", result["id"])]
    assert not any(answer["resync"] for answer in answers)


def test_a_household_handed_on_leaves_and_its_waiting_record_is_taken(scene: Scene) -> None:
    gone = scene.worker.households[0]
    with scene.relay.cut():
        saved = scene.phone.save_visit(gone)
        scene.world.do("move", household=gone, region=scene.worker.other_cell)
    sync_until(scene, lambda: gone not in homes(scene))
    scene.phone.until(lambda: scene.phone.confirmed() == {saved})
    assert homes(scene) == set(scene.worker.households[1:])
    scene.expect_whole()


def test_a_household_closed_leaves(scene: Scene) -> None:
    gone = scene.worker.households[3]
    scene.world.do("close", household=gone)
    sync_until(scene, lambda: gone not in homes(scene))


def test_a_cell_gained_comes_and_a_cell_lost_goes_without_the_queue(scene: Scene) -> None:
    mine, theirs = set(scene.worker.households), set(scene.worker.other_households)
    scene.world.do("grant", username=scene.worker.username, region=scene.worker.other_cell)
    sync_until(scene, lambda: homes(scene) == mine | theirs)
    with scene.relay.cut():
        saved = scene.phone.save_visit(scene.worker.other_households[0])
        scene.world.do("revoke", username=scene.worker.username, region=scene.worker.other_cell)
    assert saved in scene.phone.waiting()
    sync_until(scene, lambda: homes(scene) == mine)
    # Not lost: taken, or handed back to the worker with the reason.
    assert saved in scene.phone.confirmed() | set(scene.phone.needs_you())


def test_another_history_starts_over_and_leaves_the_queue_alone(scene: Scene) -> None:
    with scene.relay.cut():
        saved = scene.phone.save_visit(scene.worker.households[0])
        scene.world.remake_history()
    answers: list[dict[str, Any]] = []
    with scene.relay.meanwhile(PULL, breaking.altering(answers.append)):
        sync_until(scene, lambda: any(answer["resync"] for answer in answers))
    assert homes(scene) == set(scene.worker.households)
    scene.phone.until(lambda: scene.phone.confirmed() == {saved})
    scene.expect_whole()


def test_what_a_newer_server_adds_is_passed_over(scene: Scene) -> None:
    """A kind, an operation and a field this client has never heard of; the rest of the page is taken."""
    home = scene.worker.households[0]

    def newer(page: dict[str, Any]) -> None:
        for change in page["changes"]:
            change["data"] = change.get("data", {}) | {"a_field_of_tomorrow": [1]}
        page["changes"].append({"kind": "hologram", "id": home, "op": "put", "data": {"id": home}})
        page["changes"] += [change | {"op": "fold"} for change in page["changes"]]
        page["of_tomorrow"] = True

    with scene.relay.meanwhile(PULL, breaking.altering(newer)):
        (result,) = scene.server.push(visit_item(home))
        sync_until(scene, lambda: result["id"] in scene.phone.cached("visit"))
    assert homes(scene) == set(scene.worker.households)


def test_a_page_that_comes_twice_changes_nothing(scene: Scene) -> None:
    pages: list[dict[str, Any]] = []
    (result,) = scene.server.push(visit_item(scene.worker.households[0]))
    with scene.relay.meanwhile(PULL, breaking.altering(pages.append)):
        sync_until(scene, lambda: result["id"] in scene.phone.cached("visit"))
    full = next(page for page in pages if page["changes"])

    def again(page: dict[str, Any]) -> None:
        page["changes"] = full["changes"] + page["changes"]

    before = {kind: scene.phone.cached(kind) for kind in ("household", "visit", "region")}
    with scene.relay.meanwhile(PULL, breaking.altering(again)):
        scene.phone.sync()
    assert {kind: scene.phone.cached(kind) for kind in before} == before


def test_a_position_the_server_cannot_read_starts_over(scene: Scene) -> None:
    """`bad_cursor`: the phone drops its position, not its queue."""

    def garble(page: dict[str, Any]) -> None:
        page["cursor"] = "not-a-cursor"

    with scene.relay.meanwhile(PULL, breaking.altering(garble, times=1)):
        scene.phone.sync()
    scene.phone.sync()
    (result,) = scene.server.push(visit_item(scene.worker.households[0]))
    sync_until(scene, lambda: result["id"] in scene.phone.cached("visit"))
    assert homes(scene) == set(scene.worker.households)


def test_a_portal_answers_the_pull_and_the_cache_stays(scene: Scene) -> None:
    with scene.relay.meanwhile(PULL, breaking.portal()):
        scene.phone.sync()
    assert homes(scene) == set(scene.worker.households)
