"""The answer is lost after the server committed, and five copies of one upload arrive at once."""

import threading
from collections.abc import Callable

import pytest

from tests.faults.conftest import Phone

pytestmark = pytest.mark.faults


def test_an_upload_whose_answer_was_lost_is_a_duplicate(phone: Callable[[str], Phone]) -> None:
    worker = phone("grid1")
    items = [worker.visit(home) for home in worker.households[:30]]
    assert worker.push(*items).status_code == 200  # the phone never hears this
    assert set(worker.push_until_answered(*items)) == {"duplicate"}
    assert worker.confirmed() == {item["id"] for item in items}


def test_five_copies_at_once_over_five_connections(phone: Callable[[str], Phone]) -> None:
    workers = [phone("grid1") for _ in range(5)]
    items = [workers[0].visit(home) for home in workers[0].households[:50]]
    verdicts: list[str] = []
    start = threading.Barrier(5)

    def send(worker: Phone, order: int) -> None:
        start.wait()
        verdicts.extend(worker.push_until_answered(*(items if order % 2 else items[::-1])))

    threads = [threading.Thread(target=send, args=(worker, n)) for n, worker in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts.count("created") == 50
    assert verdicts.count("duplicate") == 200
