"""docs/sync.md, "Versions": a program that was updated sends what its earlier version made, as that one made it."""

import pytest

from tests.conformance import breaking
from tests.conformance.conftest import Scene
from tests.conformance.relay import PUSH
from tests.conformance.test_upload import a_document

pytestmark = pytest.mark.e2e

#: What an app of each schema knew of a journey, and what the server then holds: way, number, stops.
JOURNEYS = {
    1: ({"transport": "火车 G8012 次"}, ("train", "G8012 次", "")),
    2: ({"transport": "coach", "transport_number": "吉A12345"}, ("coach", "吉A12345", "")),
}


def test_what_waited_through_an_update_goes_up_as_it_was_made(scene: Scene) -> None:
    """Whatever was stored before the answer was lost is the same record still, and no word of it is lost."""
    saved: dict[str, int] = {}
    with scene.relay.cut():
        for schema, (told, _) in JOURNEYS.items():
            home = scene.worker.households[schema]
            who = {"name": f"试旧版{schema}", "phone": "13800138000", "document": a_document()}
            saved[scene.phone.save_returnee(home, **who, schema=schema, **told)] = schema
        now = scene.phone.save_returnee(
            scene.worker.households[0], name="试新版", phone="13900139000", document=a_document()
        )
        scene.phone.restart()
    scene.relay.forget()
    with scene.relay.meanwhile(PUSH, breaking.losing_the_answer(times=1)):
        scene.phone.sync()
        scene.phone.until(lambda: scene.phone.confirmed() == {*saved, now})
    for push in scene.relay.pushes:
        assert {item["id"]: item["schema"] for item in push.items} == {**saved, now: 3}
    held = {row["id"]: row for row in scene.server.api.get("returnees/", limit=500)["results"]}
    for record, schema in saved.items():
        row = held[record]
        assert (row["transport"], row["transport_number"], row["via"]) == JOURNEYS[schema][1]
    assert set(held) == {*saved, now}
    scene.expect_whole()
