"""The server, the database and the worker are killed while two phones upload one record after the other."""

import itertools
import threading
import time

import pytest

from launch.stack import Stack
from reference_client.client import ReferenceClient
from tests.faults.scene import Scene, until_sent

pytestmark = pytest.mark.faults

#: What each phone uploads at least, killed or not.
EACH = 10


@pytest.mark.parametrize("part", ["web", "postgres", "worker"])
def test_a_part_killed_mid_upload_loses_nothing(scene: Scene, stack: Stack, part: str) -> None:
    """Mechanism: neither silence nor a 5xx is a verdict. Taken for a refusal of what was sent, records come back.

    The worker is waited for by nobody: the figures are its work, and come later.
    """
    phones = [scene.phone(), scene.phone()]
    broken = threading.Event()

    def work(phone: ReferenceClient) -> None:
        for door in itertools.count():
            if broken.is_set() and door >= EACH:
                return
            scene.visit(phone, door)
            until_sent(phone)

    threads = [threading.Thread(target=work, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            time.sleep(0.4)
            stack.kill(part)
            time.sleep(0.3)
            stack.restart(part)
    finally:
        broken.set()
    for thread in threads:
        thread.join(timeout=180)
        assert not thread.is_alive()
    scene.whole(*phones)
    for phone in phones:
        scene.close_day(phone)
