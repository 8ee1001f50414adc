"""What comes back is no answer, or none for everything: portals, sessions that end, a poisonous item, a dying line."""

import pytest

from reference_client.store import NEEDS_YOU
from tests.conformance.breaking import afterwards, losing_the_answer, portal
from tests.conformance.relay import ANY, PUSH
from tests.faults.scene import Scene, until_sent
from tests.real_stack import PASSWORD

pytestmark = pytest.mark.faults


def test_a_captive_portal_confirms_nothing(scene: Scene) -> None:
    """Mechanism: what counts as an answer (`wire._read`). If 200 were enough, the records would be called confirmed."""
    line = scene.relay()
    phone = scene.phone(url=line.url)
    scene.visits_on(phone, 20)
    with line.meanwhile(ANY, portal()):
        phone.sync()
        assert phone.upload.problem == "no_answer"
        scene.whole(phone, waiting=20)
    phone.sync()
    scene.whole(phone)


def test_a_session_that_ends_between_two_uploads_pauses_and_goes_on(scene: Scene) -> None:
    """Mechanism: 401 keeps everything and pauses. If it were taken for a refusal of the items, they would be lost."""
    line = scene.relay()
    phone, username = scene.phone(url=line.url), scene.worker.username
    scene.visits_on(phone, 150)
    with line.meanwhile(PUSH, afterwards(lambda: scene.world.do("end_sessions", username=username))):
        phone.sync()
    assert phone.upload.problem == "signed_out"
    scene.whole(phone, waiting=50)
    phone.sync()
    assert phone.upload.problem == "signed_out"
    phone.sign_in(username, PASSWORD)
    phone.sync()
    scene.whole(phone)
    scene.close_day(phone)


def test_a_poisonous_item_comes_back_alone_and_goes_again_under_its_id(scene: Scene) -> None:
    """Mechanism: a verdict per item. Judged as a whole, the batch would come back, or the bad one be stored with it."""
    phone = scene.phone()
    scene.visits_on(phone, 30)
    poison = scene.visit(phone, 4, "seen_unwell", people=[{"temperature": 63.0}])
    scene.visits_on(phone, 30)
    phone.sync()
    assert phone.store.ids(NEEDS_YOU) == {poison}
    bad = scene.visits.pop(poison)
    scene.whole(phone)
    phone.store.mend(poison, {"household": bad["home"], "outcome": "seen_unwell", "people": [{"temperature": 36.3}]})
    scene.visits[poison] = bad | {"fever": 0}
    phone.sync()
    scene.whole(phone)


def test_every_second_answer_is_lost(scene: Scene) -> None:
    """Mechanism: the same ids again, answered `duplicate`. With new ids everything would be there twice."""
    line = scene.relay()
    phone = scene.phone(url=line.url)
    for _ in range(3):
        scene.visits_on(phone, 30)
        with line.meanwhile(PUSH, losing_the_answer(times=1)):
            until_sent(phone)
    scene.whole(phone)
