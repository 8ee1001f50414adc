"""docs/receipts.md: a day is closed by ids, under the server's signature; what it has forgotten is sent again."""

import base64
import hashlib
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.conformance import breaking
from tests.conformance.conftest import Scene
from tests.conformance.relay import RECEIPTS
from tests.conformance.world import today

pytestmark = pytest.mark.e2e


def arrived(scene: Scene, count: int = 3) -> list[str]:
    """So many visits, confirmed."""
    saved = [scene.phone.save_visit(home) for home in scene.worker.households[:count]]
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    return saved


def signed(scene: Scene, closing: dict[str, Any]) -> dict[str, str]:
    """The lines of the statement, its signature checked with the server's public key and nothing of ours."""
    point = scene.server.api.get("sync/keys/", device=scene.phone.device)["receipts"]["point"]
    raw = base64.b64decode(closing["signature"])
    assert len(raw) == 64
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(point))
    key.verify(der, closing["statement"].encode(), ec.ECDSA(hashes.SHA256()))
    return dict(line.split(" ", 1) for line in closing["statement"].splitlines())


def test_a_day_is_closed_under_the_servers_signature(scene: Scene) -> None:
    saved = arrived(scene)
    assert scene.phone.close_days()
    closing = scene.phone.closings()[today()]
    assert (closing["made"], closing["confirmed"], bool(closing["closed"])) == (3, 3, True)
    said = signed(scene, closing)
    assert (said["device"], said["day"], said["made"], said["confirmed"]) == (scene.phone.device, today(), "3", "3")
    assert said["digest"] == hashlib.sha256("\n".join(sorted(saved)).encode()).hexdigest()
    scene.expect_whole()


def test_an_answer_under_a_wrong_signature_is_no_answer(scene: Scene) -> None:
    """Neither kept nor acted on: a server that says it has forgotten must have said so itself."""
    saved = arrived(scene)
    scene.phone.sync()
    before = scene.phone.closings()
    # What is closed is not asked about again by itself: one more record opens the day.
    saved.append(scene.phone.save_visit(scene.worker.households[5]))
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    scene.relay.forget()
    other = base64.b64encode(bytes(31) + b"\1" + bytes(31) + b"\1").decode()
    lies: list[dict[str, Any]] = [{"signature": other}, {"missing": saved[:1]}, {"refused": saved[:1], "closed": False}]
    for lie in lies:
        with scene.relay.meanwhile(RECEIPTS, breaking.altering(partial(_tell, lie))):
            assert not scene.phone.close_days()
        assert scene.phone.closings() == before
        assert scene.phone.confirmed() == set(saved)
    assert scene.relay.pushes == []
    assert scene.phone.close_days()
    assert scene.phone.closings()[today()]["closed"]
    scene.expect_whole()


def _tell(lie: dict[str, Any], answer: dict[str, Any]) -> None:
    answer.update(lie)


def test_what_the_server_has_forgotten_is_sent_again_by_itself(scene: Scene) -> None:
    saved = arrived(scene)
    scene.world.do("forget", records=saved[:2])
    assert scene.server.held(scene.phone.device) == {saved[2]}
    assert scene.phone.close_days()
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    assert [row["id"] for row in scene.world.do("stored", records=saved)] == saved, "once each, in the phone's order"
    assert scene.phone.close_days()
    assert scene.phone.closings()[today()]["closed"]
    scene.expect_whole()


def test_what_a_restored_server_remembers_as_sent_back_goes_again_when_it_was_mended_since(scene: Scene) -> None:
    saved = arrived(scene, 1)
    assert scene.phone.close_days()
    scene.world.do("recall_refused", records=saved)
    saved.append(scene.phone.save_visit(scene.worker.households[1]))
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    assert scene.phone.close_days()
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    assert scene.phone.close_days()
    assert scene.phone.closings()[today()]["closed"]
    assert [row["id"] for row in scene.world.do("stored", records=saved[:1])] == saved[:1]
    scene.expect_whole()
