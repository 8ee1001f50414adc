"""docs/edits.md: two people change one household; different fields merge, the same one is chosen, nothing is lost."""

import pytest

from tests.conformance.conftest import Scene
from tests.conformance.test_download import sync_until

pytestmark = pytest.mark.e2e


def edited_by_both(scene: Scene) -> tuple[str, str]:
    """A door that the phone and the office changed differently: the household, and the id of the phone's edit."""
    home = scene.worker.households[0]
    with scene.relay.cut():
        edit = scene.phone.edit_door(home, "B2")
        scene.world.do("edit", household=home, door="C3")
    scene.phone.sync()
    scene.phone.until(lambda: scene.phone.needs_you().keys() == {edit})
    assert scene.phone.needs_you()[edit]["code"] == "edited_elsewhere"
    sync_until(scene, lambda: edit in scene.phone.cached("conflict"))
    return home, edit


def shown(scene: Scene, conflict: str) -> tuple[str, str, int]:
    """Both values, and the version of the conflict, as the phone has them."""
    row = scene.phone.cached("conflict")[conflict]
    (entry,) = row["fields"]
    return entry["mine"], entry["theirs"], row["version"]


def test_different_fields_merge(scene: Scene) -> None:
    home = scene.worker.households[0]
    with scene.relay.cut():
        edit = scene.phone.edit_door(home, "B2")
        scene.world.do("edit", household=home, building="9")
    scene.phone.sync()
    scene.phone.until(lambda: scene.phone.confirmed() == {edit})
    stands = scene.server.household(home)
    assert (stands["door"], stands["building"]) == ("B2", "9")
    scene.expect_whole()


@pytest.mark.parametrize(("side", "door"), [("mine", "B2"), ("theirs", "C3")])
def test_the_same_field_is_chosen(scene: Scene, side: str, door: str) -> None:
    home, edit = edited_by_both(scene)
    assert scene.server.household(home)["door"] == "C3"
    assert shown(scene, edit) == ("B2", "C3", 1)
    scene.relay.forget()
    scene.phone.sync()
    assert scene.relay.pushes == [], "it is chosen from, never sent again unchanged"
    scene.phone.choose(edit, side)
    scene.phone.until(lambda: edit in scene.phone.confirmed() and not scene.phone.waiting())
    assert scene.server.household(home)["door"] == door
    assert scene.phone.needs_you() == {}
    sync_until(scene, lambda: edit not in scene.phone.cached("conflict"))
    scene.expect_whole()


def test_what_changed_once_more_is_not_overwritten_but_asked_about_again(scene: Scene) -> None:
    home, edit = edited_by_both(scene)
    scene.world.do("edit", household=home, door="D4")
    scene.phone.choose(edit, "mine")
    assert scene.server.household(home)["door"] == "D4"
    sync_until(scene, lambda: shown(scene, edit) == ("B2", "D4", 2))
    assert scene.phone.needs_you().keys() == {edit}
    scene.phone.choose(edit, "mine")
    scene.phone.until(lambda: edit in scene.phone.confirmed() and not scene.phone.waiting())
    assert scene.server.household(home)["door"] == "B2"
    scene.expect_whole()


def test_an_author_who_left_the_cell_still_learns_how_it_ended(scene: Scene) -> None:
    home, edit = edited_by_both(scene)
    scene.world.do("grant", username=scene.worker.username, region=scene.worker.other_cell)
    scene.world.do("revoke", username=scene.worker.username, region=scene.worker.cell)
    sync_until(scene, lambda: home not in scene.phone.cached("household"))
    assert shown(scene, edit) == ("B2", "C3", 1)
    assert scene.phone.needs_you().keys() == {edit}
    scene.world.do("choose", conflict=edit, side="mine")
    sync_until(scene, lambda: edit in scene.phone.confirmed())
    assert scene.phone.cached("conflict") == {}
    scene.expect_whole()
