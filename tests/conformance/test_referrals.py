"""docs/referrals.md: what came back is handed up, once, leaves the inbox, and its author is told what became of it."""

import pytest

from tests.conformance import breaking
from tests.conformance.conftest import Scene
from tests.conformance.relay import PUSH
from tests.conformance.test_download import sync_until
from tests.conformance.test_upload import a_document

pytestmark = pytest.mark.e2e


def test_what_the_phone_cannot_mend_the_office_takes_in(scene: Scene) -> None:
    """Handed up without network, the answer lost; sent again by itself to a server restored from an older backup;
    taken in when its reason is gone, once, under its own id.
    """
    phone = scene.phone
    number, home = a_document(), scene.worker.households[0]
    first = phone.save_returnee(home, name="试登记", phone="13800138000", document=number)
    phone.until(lambda: first in phone.confirmed())
    bad = phone.save_returnee(home, name="试重复", phone="13900139000", document=number)
    phone.until(lambda: bad in phone.needs_you())
    with scene.relay.cut():
        referral = phone.refer(bad, note="号码核对过，没有错")
        phone.restart()
        assert phone.needs_you() == {}
        assert phone.waiting() == {referral}
    scene.relay.forget()
    with scene.relay.meanwhile(PUSH, breaking.losing_the_answer(times=1)):
        phone.sync()
        phone.until(lambda: phone.confirmed() == {first, referral})
    assert [push.ids for push in scene.relay.pushes] == [[referral]] * 2
    scene.expect_whole()

    scene.world.do("forget", records=[referral])
    assert scene.server.held(phone.device) == {first}
    assert phone.close_days()
    phone.until(lambda: scene.server.held(phone.device) == {first, referral})

    assert scene.world.do("take_in", referral=referral) == "rejected"
    sync_until(scene, lambda: phone.cached("referral")[referral]["state"] == "open")
    scene.world.do("correct_document", returnee=first, document=a_document())
    assert [scene.world.do("take_in", referral=referral) for _ in range(2)] == ["created", "duplicate"]
    sync_until(scene, lambda: phone.cached("referral")[referral]["state"] == "stored")
    assert scene.server.held(phone.device) == {first, bad, referral}
    assert phone.close_days()
    (day,) = phone.closings().values()
    assert (day["made"], day["confirmed"], day["closed"]) == (2, 2, True)
