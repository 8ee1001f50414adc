"""docs/sync.md, "Receipts" and "Rules for a client": what only a client with a list of its own can be asked.

The reference client alone; the app's own tests and the browser tests ask the same of the app.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_client.client import ReferenceClient, UnsentRecordsError
from reference_client.store import CONFIRMED, WAITING, Store
from reference_client.wire import NoAnswerError
from tests.conformance import breaking
from tests.conformance.relay import PUSH, RECEIPTS, Relay
from tests.conformance.world import World
from tests.real_stack import PASSWORD

pytestmark = pytest.mark.e2e


@pytest.fixture
def homes() -> list[str]:
    """The worker's households."""
    return []


@pytest.fixture
def phone(relay: Relay, session_world: World, tmp_path: Path, homes: list[str]) -> Iterator[ReferenceClient]:
    worker = session_world.worker()
    homes += worker.households
    client = ReferenceClient(relay.url, tmp_path / "phone.sqlite")
    client.sign_in(worker.username, PASSWORD)
    client.sync()
    yield client
    client.close()


def saved(phone: ReferenceClient, homes: list[str], count: int = 3) -> set[str]:
    return {phone.save("visit", {"household": home, "outcome": "seen_well"}) for home in homes[:count]}


def test_what_the_server_has_forgotten_is_sent_again_and_only_that(
    phone: ReferenceClient, homes: list[str], session_world: World, relay: Relay
) -> None:
    made = saved(phone, homes)
    phone.sync()
    assert phone.compare_receipts() == set()
    forgotten = sorted(made)[:2]
    session_world.do("forget", records=forgotten)
    assert phone.compare_receipts() == set(forgotten)
    relay.forget()
    phone.sync()
    assert [set(push.ids) for push in relay.pushes] == [set(forgotten)]
    assert phone.store.ids(CONFIRMED) == made
    assert phone.compare_receipts() == set()


def test_a_list_that_does_not_match_its_digest_is_no_answer(
    phone: ReferenceClient, homes: list[str], relay: Relay
) -> None:
    """Half a list must not pass for a server that has forgotten."""
    made = saved(phone, homes)
    phone.sync()
    with (
        relay.meanwhile(RECEIPTS, breaking.altering(lambda answer: answer["items"].pop())),
        pytest.raises(NoAnswerError),
    ):
        phone.compare_receipts()
    assert phone.store.ids(CONFIRMED) == made


def test_two_taps_are_one_record(phone: ReferenceClient, homes: list[str]) -> None:
    record_id = phone.store.new_id()
    for _ in range(2):
        phone.save("visit", {"household": homes[0], "outcome": "seen_well"}, record_id=record_id)
    phone.sync()
    assert phone.store.ids(CONFIRMED) == {record_id}


def test_signing_out_is_refused_while_something_is_unsent(
    phone: ReferenceClient, homes: list[str], relay: Relay
) -> None:
    with relay.cut():
        made = saved(phone, homes)
        phone.sync()
        with pytest.raises(UnsentRecordsError):
            phone.sign_out()
    assert phone.store.ids(WAITING) == made
    phone.sync()
    phone.sign_out()
    assert phone.store.cached("household") == {}


def test_what_is_saved_survives_the_death_of_the_phones_program(
    phone: ReferenceClient, homes: list[str], relay: Relay
) -> None:
    """Killed after the server stored it and before it heard: the next start sends the same ids."""
    made = saved(phone, homes)
    with relay.meanwhile(PUSH, breaking.losing_the_answer(times=1)):
        phone.sync()
    again = Store(phone.store.path)
    assert (again.ids(WAITING), again.device) == (made, phone.store.device)
    again.close()
    phone.sync()
    assert phone.store.ids(CONFIRMED) == made
