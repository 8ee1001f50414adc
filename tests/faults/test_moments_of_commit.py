"""The server dies before, during and after the commit of an upload; database and Redis stop and start under it."""

import signal
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from launch.stack import Stack
from tests.conformance.relay import PUSH, Reply, Request, Rule
from tests.faults.scene import Scene, until_sent

pytestmark = pytest.mark.faults
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'visits_visit'::regclass"


def test_killed_before_the_commit(scene: Scene, stack: Stack) -> None:
    """Mechanism: no answer is no verdict, the same ids again. A phone that gave up after a failure would lose all."""
    phone = scene.phone()
    scene.visits_on(phone, 50)
    stack.kill("web", signal.SIGSTOP)
    sending = threading.Thread(target=until_sent, args=(phone,))
    sending.start()
    time.sleep(0.5)  # the upload lies before a server that will never read it
    stack.kill("web")
    stack.restart("web")
    sending.join()
    scene.whole(phone)


def test_killed_during_the_commit(scene: Scene, stack: Stack) -> None:
    """Mechanism: claim and fact in one transaction. Committed apart, ids would be claimed without a visit: lost."""
    phone = scene.phone()
    scene.visits_on(phone, 50)
    sending = threading.Thread(target=until_sent, args=(phone,))
    with psycopg.connect(stack.owner_url) as holding:
        # The ids are claimed, the visits wait.
        holding.execute("LOCK TABLE visits_visit IN SHARE ROW EXCLUSIVE MODE")
        sending.start()
        end = time.monotonic() + 20
        while not holding.execute(_WAITING).fetchone()[0]:
            assert time.monotonic() < end
            time.sleep(0.02)
        stack.kill("web")
    stack.restart("web")
    sending.join()
    scene.whole(phone)


def test_killed_after_the_commit(scene: Scene, stack: Stack) -> None:
    """Mechanism: the ledger outlives the server, so that the second time is `duplicate`. In memory it would not."""
    line = scene.relay()
    phone = scene.phone(url=line.url)
    scene.visits_on(phone, 50)
    with line.meanwhile(PUSH, _dying_afterwards(stack)):
        phone.sync()
    assert phone.upload.problem == "no_answer"
    stack.restart("web")
    until_sent(phone)
    scene.whole(phone)
    scene.close_day(phone)


def _dying_afterwards(stack: Stack) -> Rule:
    """The server has done it and is dead; the phone hears nothing."""

    def rule(_request: Request, pass_on: Callable[[], Reply]) -> None:
        pass_on()
        stack.kill("web")

    return rule


@pytest.mark.parametrize("part", ["postgres", "valkey"])
def test_stopped_and_started_under_an_upload(scene: Scene, stack: Stack, part: str) -> None:
    """Mechanism: 503 and no answer both mean "later", under the same ids; Redis is waited for by nobody."""
    phone = scene.phone()
    for _ in range(4):
        scene.visits_on(phone, 40)
    sending = threading.Thread(target=until_sent, args=(phone,))
    sending.start()
    stack.halt(part)
    if part == "valkey":
        sending.join()
        assert not phone.store.waiting()
    stack.restart(part)
    sending.join()
    scene.whole(phone)
