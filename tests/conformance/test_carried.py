"""docs/hand-carry.md: the client seals, somebody carries, the server takes in; once, whatever way it comes."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.conformance.conftest import Scene
from tests.conformance.world import Observer

pytestmark = pytest.mark.e2e


@contextmanager
def sealed(scene: Scene) -> Iterator[tuple[list[str], str]]:
    """Visits that no network has seen: their ids, and the file. While it lasts, the phone has none."""
    with scene.relay.cut():
        saved = [scene.phone.save_visit(home, note="院门朝西") for home in scene.worker.households[:2]]
        yield saved, scene.phone.carry_out()


def village(scene: Scene) -> Observer:
    """Who sits in the village above the worker."""
    return Observer(scene.world.stack, replace(scene.worker, username=scene.worker.office))


def test_a_carried_file_is_taken_in_once_whatever_comes_after(scene: Scene) -> None:
    """The same file again, and then the phone itself."""
    with sealed(scene) as (saved, file):
        assert "院门朝西" not in file
        assert not any(each in file for each in saved)
        bringer = village(scene)
        for counts in ({"created": 2, "duplicate": 0}, {"created": 0, "duplicate": 2}):
            answer = bringer.bring(file)
            assert answer.status_code == 200, answer.text
            assert {verdict: answer.json()["counts"][verdict] for verdict in counts} == counts
            assert [result["id"] for result in answer.json()["results"]] == saved
    scene.phone.sync()
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    assert [row["id"] for row in scene.world.do("stored", records=saved)] == saved
    scene.expect_whole()


def test_a_file_that_is_not_whole_or_not_his_brings_nothing(scene: Scene) -> None:
    """Altered by a byte anywhere, cut in half, in the wrong hands, from a phone out of use: and the phone keeps all."""
    with sealed(scene) as (saved, file):
        stranger = Observer(scene.world.stack, scene.world.worker())
        refusals = [(stranger.bring(file), 403, "carried_not_yours")]
        for name in ("sealed", "nonce", "point"):
            broken = json.loads(file)
            content = bytearray(base64.b64decode(broken[name]))
            content[len(content) // 2] ^= 1
            broken[name] = base64.b64encode(content).decode()
            refusals.append((scene.server.bring(json.dumps(broken)), 400, "carried_damaged"))
        refusals.append((scene.server.bring(file[: len(file) // 2]), 400, "carried_damaged"))
        refusals.append(
            (scene.server.bring(json.dumps(json.loads(file) | {"key": "0" * 16})), 400, "carried_elsewhere")
        )
        for answer, status, code in refusals:
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert scene.world.do("stored", records=saved) == []
        scene.world.do("take_out_of_use", device=scene.phone.device)
        revoked = scene.server.bring(file)
        assert (revoked.status_code, revoked.json()["code"]) == (403, "carried_revoked")
        assert scene.world.do("stored", records=saved) == []
        assert scene.phone.waiting() == set(saved)
