"""docs/sync.md, "Push": each rule as one scenario."""

import datetime as dt
import random
from collections.abc import Callable

import pytest

from reference_client.receipts import digest
from tests.conformance import breaking
from tests.conformance.conftest import OpenScene, Scene
from tests.conformance.relay import PUSH, Reply, Request
from tests.conformance.world import Observer, today, visit_item

pytestmark = pytest.mark.e2e


def a_document() -> str:
    """An identity number nobody has registered, with the right check digit (GB 11643)."""
    first = f"110105{random.randint(1950, 2000)}0101{random.randint(0, 999):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(w * int(d) for w, d in zip(weights, first, strict=True)) % 11]


def saved_offline(scene: Scene, count: int, **visit: str) -> list[str]:
    """So many visits saved while there is no network, oldest first; the phone has been off since."""
    with scene.relay.cut():
        saved = [scene.phone.save_visit(home, **visit) for home in scene.worker.households[:count]]
        scene.phone.restart()
    scene.relay.forget()
    return saved


def test_created_is_confirmed(scene: Scene) -> None:
    saved = scene.phone.save_visit(scene.worker.households[0])
    scene.phone.until(lambda: scene.phone.confirmed() == {saved})
    scene.expect_whole()


def test_the_envelope_is_as_the_page_says(scene: Scene) -> None:
    before = dt.datetime.now(dt.UTC)
    first, second = saved_offline(scene, 2)
    scene.phone.sync()
    scene.phone.until(lambda: len(scene.phone.confirmed()) == 2)
    sent = scene.relay.pushes[0].json()
    assert set(sent) == {"device", "api_level", "sent_at", "items"}
    assert (sent["device"], sent["api_level"]) == (scene.phone.device, 1)
    assert dt.datetime.fromisoformat(sent["sent_at"]) > before
    assert [set(item) for item in sent["items"]] == [{"id", "kind", "schema", "seq", "observed_at", "body"}] * 2
    assert [item["id"] for item in sent["items"]] == [first, second]
    # Observed when it was saved, sent later: the two times are told apart.
    assert all(before < dt.datetime.fromisoformat(i["observed_at"]) for i in sent["items"])
    assert dt.datetime.fromisoformat(sent["items"][1]["observed_at"]) < dt.datetime.fromisoformat(sent["sent_at"])


def test_oldest_first_and_one_step_at_a_time(scene: Scene) -> None:
    saved = saved_offline(scene, 4)
    with scene.relay.meanwhile(PUSH, breaking.taking_at_most(2)):
        scene.phone.sync()
        scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    taken = [item for push in scene.relay.pushes if push.status == 200 for item in push.items]
    assert [item["id"] for item in taken] == saved
    numbers = [item["seq"] for item in taken]
    assert numbers == list(range(numbers[0], numbers[0] + 4))


def test_the_answer_lost_after_the_commit_is_asked_again_under_the_same_id(scene: Scene) -> None:
    saved = saved_offline(scene, 2)
    with scene.relay.meanwhile(PUSH, breaking.losing_the_answer(times=1)):
        scene.phone.sync()
        scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    assert [push.ids for push in scene.relay.pushes][:2] == [saved, saved]
    scene.expect_whole()


def test_five_copies_at_once_are_one(scene: Scene) -> None:
    saved = saved_offline(scene, 3)
    with scene.relay.meanwhile(PUSH, breaking.copying(5)):
        scene.phone.sync()
        scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    scene.expect_whole()
    assert set(scene.server.visits()) == set(saved)


def test_the_same_id_with_another_body_is_a_conflict_and_kept(scene: Scene) -> None:
    """And the one that was there first stays as it is."""
    (taken, other) = saved_offline(scene, 2)
    home = scene.worker.households[0]
    assert scene.server.push(visit_item(home, record_id=taken))[0]["verdict"] == "created"
    scene.phone.sync()
    scene.phone.until(lambda: set(scene.phone.needs_you()) == {taken})
    assert scene.phone.needs_you()[taken]["verdict"] == "conflict"
    assert scene.phone.confirmed() == {other}
    assert scene.server.visits()[taken]["outcome"] == "nobody_home"
    scene.relay.forget()
    scene.phone.sync()
    assert scene.relay.pushes == []


def test_what_is_rejected_is_kept_and_goes_again_mended_under_its_id(scene: Scene) -> None:
    """And the good items of the same batch are stored."""
    known, fresh = a_document(), a_document()
    home = scene.worker.households[0]
    first = scene.phone.save_returnee(home, name="试登记", phone="13800138000", document=known)
    scene.phone.until(lambda: first in scene.phone.confirmed())
    with scene.relay.cut():
        good = scene.phone.save_visit(home)
        bad = scene.phone.save_returnee(home, name="试重复", phone="13900139000", document=known)
        also_good = scene.phone.save_visit(scene.worker.households[1])
    scene.relay.forget()
    scene.phone.sync()
    scene.phone.until(lambda: scene.phone.waiting() == set())
    assert scene.phone.confirmed() == {first, good, also_good}
    came_back = scene.phone.needs_you()[bad]
    assert (came_back["verdict"], came_back["code"]) == ("rejected", "already_registered")
    assert came_back["message"]
    scene.relay.forget()
    scene.phone.sync()
    assert scene.relay.pushes == [], "never again unchanged by itself"
    scene.phone.mend_document(bad, fresh)
    scene.phone.until(lambda: bad in scene.phone.confirmed())
    scene.expect_whole()


def test_413_halves_the_batch(scene: Scene) -> None:
    saved = saved_offline(scene, 5)
    with scene.relay.meanwhile(PUSH, breaking.taking_at_most(2)):
        scene.phone.sync()
        scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    sizes = [len(push.ids) for push in scene.relay.pushes]
    assert sizes[:3] == [5, 3, 2]
    scene.expect_whole()


def test_413_of_a_single_item_comes_back_and_the_others_pass(scene: Scene) -> None:
    big, small = saved_offline(scene, 2)

    def too_large(request: Request, pass_on: Callable[[], Reply]) -> Reply:
        return breaking.refusal(413) if big in request.ids else pass_on()

    with scene.relay.meanwhile(PUSH, too_large):
        scene.phone.sync()
        scene.phone.until(lambda: scene.phone.confirmed() == {small})
    assert scene.phone.needs_you()[big]["code"] == "item_too_large"


def test_401_in_the_midst_of_a_sync_pauses_and_asks(scene: Scene) -> None:
    saved = saved_offline(scene, 4)
    ended = breaking.afterwards(lambda: scene.world.do("end_sessions", username=scene.worker.username))

    def in_pairs(request: Request, pass_on: Callable[[], Reply]) -> Reply | None:
        return ended(request, pass_on) if len(request.ids) <= 2 else breaking.refusal(413)

    with scene.relay.meanwhile(PUSH, in_pairs):
        scene.phone.sync()
        scene.phone.until(scene.phone.asks_for_password)
    assert scene.phone.confirmed() == set(saved[:2])
    assert scene.phone.waiting() == set(saved[2:])
    count = len(scene.relay.pushes)
    scene.phone.sync()
    assert len(scene.relay.pushes) == count, "nothing is sent while it waits for the password"
    scene.phone.sign_in_again()
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    assert [each for push in scene.relay.pushes if push.status == 200 for each in push.ids] == saved
    # The observer's session ended with the phone's.
    scene.server = Observer(scene.world.stack, scene.worker)
    scene.expect_whole()


@pytest.mark.parametrize("status", [429, 503])
def test_busy_is_tried_again_with_the_same_ids_not_before_it_may(scene: Scene, status: int) -> None:
    saved = saved_offline(scene, 2)
    busy = breaking.answering(breaking.refusal(status, Retry_After="4"), times=1)
    with scene.relay.meanwhile(PUSH, busy):
        # Nobody taps: that would end the wait.
        scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    first, second = scene.relay.pushes
    assert (first.status, second.status) == (status, 200)
    assert first.ids == second.ids == saved
    assert second.sent_at - first.sent_at >= 4
    scene.expect_whole()


def test_a_fever_goes_first_and_does_not_wait_for_a_busy_server(scene: Scene) -> None:
    calm = saved_offline(scene, 3)
    with scene.relay.meanwhile(PUSH, breaking.busy_for_more_than(1, seconds=6)):
        scene.phone.until(lambda: any(push.status == 429 for push in scene.relay.pushes))
        fever = scene.phone.save_visit(scene.worker.households[4], "seen_unwell", temperature="38.6")
        scene.phone.until(lambda: scene.phone.confirmed() == {fever})
    scene.phone.until(lambda: scene.phone.confirmed() == {fever, *calm})
    refused, taken = [push for push in scene.relay.pushes if set(push.ids) == set(calm)]
    assert taken.sent_at - refused.sent_at >= 6, "the others wait as long as they were told"
    scene.expect_whole()


def test_waits_grow(scene: Scene) -> None:
    """Three refusals: the third wait is longer than the first, jitter or not."""
    saved = saved_offline(scene, 1)
    with scene.relay.meanwhile(PUSH, breaking.answering(breaking.refusal(503), times=3)):
        scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    at = [push.sent_at for push in scene.relay.pushes]
    assert len(at) == 4
    assert at[3] - at[2] > at[1] - at[0] > 0.5


def test_one_poisonous_item_does_not_hold_up_the_others(scene: Scene) -> None:
    poison, *others = saved_offline(scene, 4)
    with scene.relay.meanwhile(PUSH, breaking.stumbling_over(poison)):
        scene.phone.sync()
        scene.phone.until(lambda: scene.phone.confirmed() == set(others))
        assert scene.phone.waiting() == {poison}
    scene.phone.sync()
    scene.phone.until(lambda: poison in scene.phone.confirmed())
    scene.expect_whole()


@pytest.mark.parametrize("json", [False, True], ids=["html", "json"])
def test_a_captive_portal_is_no_answer(scene: Scene, json: bool) -> None:
    saved = saved_offline(scene, 2)
    portal = breaking.answering(Reply.of_json(200, {"login": "http://wifi.example/"})) if json else breaking.portal()
    with scene.relay.meanwhile("/api/", portal):
        scene.phone.sync()
        assert scene.relay.pushes
        assert scene.phone.waiting() == set(saved)
        assert scene.phone.confirmed() == set()
        assert not scene.phone.asks_for_password()
    scene.phone.sync()
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    scene.expect_whole()


def test_what_an_answer_does_not_name_waits(scene: Scene) -> None:
    named, unnamed = saved_offline(scene, 2)

    def leave_out(answer: dict) -> None:
        answer["results"] = [result for result in answer["results"] if result["id"] == named]

    with scene.relay.meanwhile(PUSH, breaking.altering(leave_out, times=1)):
        scene.phone.sync()
        assert named in scene.phone.confirmed()
        scene.phone.until(lambda: unnamed in scene.phone.confirmed())
    scene.expect_whole()


def test_a_verdict_of_a_newer_server_drops_nothing(scene: Scene) -> None:
    (saved,) = saved_offline(scene, 1)

    def newer(answer: dict) -> None:
        answer["results"][0]["verdict"] = "postponed"

    with scene.relay.meanwhile(PUSH, breaking.altering(newer, times=1)):
        scene.phone.sync()
        assert scene.phone.waiting() | scene.phone.confirmed() == {saved}
        scene.phone.until(lambda: scene.phone.confirmed() == {saved})
    scene.expect_whole()


def test_a_large_batch_goes_packed(scene: Scene) -> None:
    saved = saved_offline(scene, 8, note="老人独居，门前积雪未扫，请村里安排人手。" * 24)
    scene.phone.sync()
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    assert scene.relay.pushes[0].packed
    scene.expect_whole()


@pytest.mark.parametrize("days", [3, -3])
def test_a_clock_days_off_is_corrected(open_scene: OpenScene, days: int) -> None:
    scene = open_scene(offset=dt.timedelta(days=days))
    saved = scene.phone.save_visit(scene.worker.households[0])
    scene.phone.until(lambda: scene.phone.confirmed() == {saved})
    sent = dt.datetime.fromisoformat(scene.relay.pushes[0].json()["sent_at"])
    assert abs(sent - dt.datetime.now(dt.UTC) - dt.timedelta(days=days)) < dt.timedelta(minutes=2), "sent raw"
    held = scene.server.visits()[saved]
    assert abs(dt.datetime.fromisoformat(held["observed_at"]) - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=2)
    scene.expect_whole()


def test_made_is_confirmed(scene: Scene) -> None:
    """The digest of the page, computed here from the phone's own list, is the server's."""
    saved = saved_offline(scene, 3)
    scene.phone.sync()
    scene.phone.until(lambda: scene.phone.confirmed() == set(saved))
    receipts = scene.server.receipts(scene.phone.device, today())
    assert receipts["digest"] == digest((each, "created") for each in scene.phone.confirmed())
