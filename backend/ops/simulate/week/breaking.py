"""Faults of the server, each during an hour of work: `with broken(…):` the phones work, and at the end all is whole."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from django.db import connection, transaction

from backend.facts.models import SyncItem
from backend.ops.simulate.week.books import Books, Trap
from backend.ops.simulate.week.control import Control
from backend.ops.simulate.week.plan import Fault

#: How long a fault waits for an upload that it may hit.
_SECONDS = 6.0
_LOOK_EVERY = 0.02


@contextmanager
def broken(fault: Fault | None, *, control: Control, books: Books, chance: Random) -> Iterator[None]:
    """While it lasts, `fault` happens once. Raises what the mending raises."""
    if fault is None:
        yield
        return
    ready, failures = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            if _DEEDS[fault](control, books, chance, ready.set):
                books.happened(fault)
        except BaseException as failure:  # noqa: BLE001 - raised again below, in the thread that waits
            failures.append(failure)
        finally:
            ready.set()
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        thread.join()
    if failures:
        raise failures[0]


def _killed_before(control: Control, _books: Books, _chance: Random, ready: Callable[[], None]) -> bool:
    """The server stands still, uploads pile up before it, and it dies without having read them."""
    control.kill("web", signal.SIGSTOP)
    ready()
    time.sleep(0.6)
    control.kill("web")
    control.restart("web")
    return True


def _killed_during(control: Control, _books: Books, _chance: Random, ready: Callable[[], None]) -> bool:
    """Uploads wait inside their transactions for the ledger, and the server dies there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'LOCK TABLE "{SyncItem._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
        ready()
        caught = _until(lambda: _waiting_for_the_ledger() > 0)
        control.kill("web")
    control.restart("web")
    return caught


def _waiting_for_the_ledger() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [SyncItem._meta.db_table]
        )
        return int(cursor.fetchone()[0])


def _killed_after(control: Control, books: Books, _chance: Random, ready: Callable[[], None]) -> bool:
    """The upload is committed, the server dies, and the phone hears nothing."""
    books.trap = trap = Trap()
    ready()
    caught = trap.sprung.wait(_SECONDS)
    if caught:
        control.kill("web")
    books.trap = None
    trap.reset.set()
    if caught:
        control.restart("web")
    return caught


def _postgres_killed(control: Control, _books: Books, chance: Random, ready: Callable[[], None]) -> bool:
    ready()
    time.sleep(chance.uniform(0.1, 0.6))
    control.kill("postgres")
    time.sleep(0.3)
    control.restart("postgres")
    return True


def _postgres_stopped(control: Control, _books: Books, chance: Random, ready: Callable[[], None]) -> bool:
    ready()
    time.sleep(chance.uniform(0.1, 0.6))
    control.halt("postgres")
    time.sleep(0.5)
    control.restart("postgres")
    return True


def _redis_stopped(control: Control, _books: Books, _chance: Random, ready: Callable[[], None]) -> bool:
    control.halt("valkey")
    ready()
    time.sleep(2)
    control.restart("valkey")
    return True


def _until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_EVERY)
    return True


_DEEDS: dict[Fault, Callable[[Control, Books, Random, Callable[[], None]], bool]] = {
    Fault.KILLED_BEFORE: _killed_before,
    Fault.KILLED_DURING: _killed_during,
    Fault.KILLED_AFTER: _killed_after,
    Fault.POSTGRES_KILLED: _postgres_killed,
    Fault.POSTGRES_STOPPED: _postgres_stopped,
    Fault.REDIS_STOPPED: _redis_stopped,
}
