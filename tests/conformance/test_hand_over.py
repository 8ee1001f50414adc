"""docs/hand-over.md: one side is the phone, the other somebody at the office; nobody is counted twice or by nobody."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from tests.conformance import breaking
from tests.conformance.conftest import Scene
from tests.conformance.relay import PULL, PUSH
from tests.conformance.test_download import sync_until
from tests.conformance.world import Observer, Worker, item, visit_item

pytestmark = pytest.mark.e2e


class Neighbour(Observer):
    """The worker of a cell beside, who is not on the phone."""

    def __init__(self, scene: Scene) -> None:
        self.worker: Worker = scene.world.worker()
        super().__init__(scene.world.stack, self.worker)

    def offer(self, household: str, to: str) -> str:
        """Offered; the hand-over's id."""
        result = self.one(item("handover", {"household": household, "to": to, "reason": "wrong_cell"}))
        assert result["verdict"] == "created"
        return str(result["id"])

    def answer(self, handover: str, answer: str, **more: str) -> str:
        """Answered: `created`, or the code of the refusal."""
        result = self.one(item("handover_answer", {"handover": handover, "answer": answer, **more}))
        return str(result.get("code") or result["verdict"])

    def one(self, sent: dict[str, Any]) -> dict[str, Any]:
        (result,) = self.push(sent)
        return result


def days_ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()


def state(scene: Scene, handover: str) -> str:
    return str(scene.phone.cached("handover").get(handover, {}).get("state"))


def cell_of(scene: Scene, visit: str) -> str:
    """Where a visit is filed, which is there once."""
    (row,) = scene.world.do("stored", records=[visit])
    return str(row["region"])


def expect_figures(scene: Scene, **cells: tuple[int, int]) -> None:
    """`expect_figures(scene, **{cell: (households, reached)})`: today's figures, once every older transaction ended."""

    def found() -> dict[str, tuple[int, int]]:
        told = {cell: scene.world.do("figures", region=cell) for cell in cells}
        return {cell: (row.get("households") or 0, row.get("reached") or 0) for cell, row in told.items()}

    scene.phone.until(lambda: found() == cells)


def test_what_the_phone_gives_is_the_neighbours_once_he_accepts(scene: Scene) -> None:
    """Offered without network, its answer lost, accepted, and visited by both: one household, counted once."""
    phone, neighbour = scene.phone, Neighbour(scene)
    cell, beside = scene.worker.cell, neighbour.worker.cell
    sync_until(scene, lambda: beside in phone.cached("region"))
    given, kept, twice = scene.worker.households[:3]
    # From the other phone of the same worker, who does not remember.
    scene.server.push(item("handover", {"household": twice, "to": beside, "reason": "moved"}))
    with scene.relay.cut():
        offered = phone.hand_over(given, beside)
        back = phone.hand_over(kept, beside)
        taken_back = phone.answer(back, "withdrawn")
        again = phone.hand_over(twice, beside)
        phone.restart()
    scene.relay.forget()
    with scene.relay.meanwhile(PUSH, breaking.losing_the_answer(times=1)):
        phone.sync()
        phone.until(lambda: phone.confirmed() == {offered, back, taken_back})
    assert [push.ids for push in scene.relay.pushes][:2] == [[offered, back, taken_back, again]] * 2
    assert {each: row["code"] for each, row in phone.needs_you().items()} == {again: "already_offered"}
    sync_until(scene, lambda: (state(scene, offered), state(scene, back)) == ("offered", "withdrawn"))
    assert neighbour.answer(back, "accepted") == "already_answered"
    assert phone.at_hand().keys() == set(scene.worker.households), "responsible until somebody accepts"

    with scene.relay.cut():
        saved = phone.save_visit(given)
        assert neighbour.answer(offered, "accepted") == "created"
    assert neighbour.one(visit_item(given, outcome="seen_well"))["verdict"] == "created"
    sync_until(scene, lambda: saved in phone.confirmed() and state(scene, offered) == "accepted")
    assert given not in phone.at_hand()
    assert cell_of(scene, saved) == beside
    expect_figures(scene, **{cell: (9, 0), beside: (11, 1)})
    scene.expect_whole()


def test_what_the_phone_accepts_can_be_visited_at_once(scene: Scene) -> None:
    """Accepted and visited without network, the answer lost: it is his at once, and counted once, in his cell."""
    phone, neighbour = scene.phone, Neighbour(scene)
    given, refused = neighbour.worker.households[:2]
    offered, other = (neighbour.offer(home, scene.worker.cell) for home in (given, refused))
    sync_until(scene, lambda: {offered, other} <= phone.cached("handover").keys())
    assert phone.cached("handover")[offered]["incoming"]
    with scene.relay.cut():
        accepted = phone.answer(offered, "accepted")
        assert phone.at_hand()[given]["headcount"] == 2
        saved = phone.save_visit(given)
        declined = phone.answer(other, "declined")
    with scene.relay.meanwhile(PUSH, breaking.losing_the_answer(times=1)):
        phone.sync()
        phone.until(lambda: phone.confirmed() == {accepted, saved, declined})
    assert neighbour.answer(offered, "withdrawn") == "already_answered"
    assert neighbour.one(visit_item(given, outcome="seen_well"))["verdict"] == "created"
    sync_until(scene, lambda: given in phone.cached("household"))
    assert phone.at_hand().keys() == {*scene.worker.households, given}
    assert cell_of(scene, saved) == scene.worker.cell
    expect_figures(scene, **{scene.worker.cell: (11, 1), neighbour.worker.cell: (9, 0)})
    scene.expect_whole()


def test_an_acceptance_that_came_too_late_gives_the_household_back_and_keeps_the_visits(scene: Scene) -> None:
    """One was taken back meanwhile, one went another way: the answers return with the reason, the visits are taken."""
    phone, neighbour = scene.phone, Neighbour(scene)
    home, gone = neighbour.worker.households[:2]
    withdrawn, void = (neighbour.offer(each, scene.worker.cell) for each in (home, gone))
    sync_until(scene, lambda: {withdrawn, void} <= phone.cached("handover").keys())
    with scene.relay.cut():
        answers = [phone.answer(each, "accepted") for each in (withdrawn, void)]
        visits = [phone.save_visit(each) for each in (home, gone)]
        assert {home, gone} <= phone.at_hand().keys()
        assert neighbour.answer(withdrawn, "withdrawn") == "created"
        scene.world.do("move", household=gone, region=neighbour.worker.other_cell)
    phone.sync()
    phone.until(lambda: phone.confirmed() == set(visits))
    codes = {each: row["code"] for each, row in phone.needs_you().items()}
    assert codes == dict(zip(answers, ("already_answered", "wrong_state"), strict=True))
    assert phone.at_hand().keys() == set(scene.worker.households)
    assert cell_of(scene, visits[0]) == neighbour.worker.cell
    beside = neighbour.worker
    expect_figures(scene, **{scene.worker.cell: (10, 0), beside.cell: (9, 1), beside.other_cell: (4, 1)})
    sync_until(scene, lambda: (state(scene, withdrawn), state(scene, void)) == ("withdrawn", "void"))
    scene.expect_whole()

    week_old = phone.cached("handover")[withdrawn] | {"id": str(uuid4()), "answered_at": days_ago(8)}

    def also(page: dict[str, Any]) -> None:
        page["changes"].append({"kind": "handover", "id": week_old["id"], "op": "put", "data": week_old})

    with scene.relay.meanwhile(PULL, breaking.altering(also)):
        phone.sync()
    assert phone.cached("handover").keys() == {withdrawn, void}, "the phone drops it a week after the answer"
