"""The server, the database and the worker are killed while phones upload: each record ends up there exactly once."""

import threading
import time
from collections.abc import Callable

import pytest

from launch.stack import Stack
from tests.faults.conftest import Phone

pytestmark = pytest.mark.faults


def upload_while(phones: list[Phone], breaking: Callable[[], None], *, each: int = 40) -> list[set[str]]:
    """Each phone uploads `each` visits one by one while `breaking` runs; returns the ids it was told are stored."""
    told: list[set[str]] = [set() for _ in phones]

    def work(index: int) -> None:
        worker = phones[index]
        for n in range(each):
            item = worker.visit(worker.households[n % len(worker.households)])
            verdict = worker.push_until_answered(item)[0]
            assert verdict in {"created", "duplicate"}
            told[index].add(item["id"])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(phones))]
    for thread in threads:
        thread.start()
    breaking()
    for thread in threads:
        thread.join(timeout=180)
        assert not thread.is_alive()
    return told


@pytest.mark.parametrize("part", ["web", "postgres", "worker"])
def test_a_part_killed_mid_upload_loses_nothing(stack: Stack, phone: Callable[[str], Phone], part: str) -> None:
    phones = [phone("grid1"), phone("grid2")]

    def breaking() -> None:
        for _ in range(2):
            time.sleep(0.4)
            stack.kill(part)
            time.sleep(0.3)
            stack.restart(part)

    told = upload_while(phones, breaking)
    for worker, ids in zip(phones, told, strict=True):
        assert len(ids) == 40
        assert worker.confirmed() == ids
