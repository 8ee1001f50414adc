"""Two hundred phones come back at one moment with 300 waiting records each: uploads quick, nothing lost or failed."""

import statistics
import threading
import time

import psutil
import psycopg
from _crowd import Crowd, Habit, Tally
from _harness import Line, report
from _world import Phone, asgi_process, phones, servers, wsgi_workers

from launch.stack import Stack

PHONES = 200
WAITING = 300
#: All at once is the worst of mornings: the server was away, and comes back.
AT_ONCE = Habit(waiting=WAITING)
LIMIT_MS = 2000
#: What a process may grow between the first drain and the second, of a size.
FLAT = 1.10


class Memory(threading.Thread):
    """The largest share of memory (PSS, in MB) that the web processes took together while it ran."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        top = [p for p in psutil.Process().children(recursive=True) if str(port) in p.cmdline()]
        self.processes = {p.pid: p for one in top for p in (one, *one.children(recursive=True))}.values()
        self.peak = 0.0
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(1.0):
            self.peak = max(self.peak, self.now())

    def now(self) -> float:
        return sum(p.memory_full_info().pss for p in self.processes) / 1e6

    def end(self) -> float:
        self._end.set()
        self.join()
        return self.peak


def stored(stack: Stack) -> int:
    with psycopg.connect(stack.owner_url) as db:
        return (db.execute("SELECT count(*) FROM visits_visit").fetchone() or (-1,))[0]


def drained(stack: Stack, port: int, people: list[Phone]) -> tuple[Tally, float]:
    """What came of it, and the most memory it took. Ends the benchmark when a record is missing or stored twice."""
    before = stored(stack)
    memory = Memory(port)
    memory.start()
    tally = Crowd(port, people, AT_ONCE).wait()
    peak = memory.end()
    expected, new = len(people) * WAITING, stored(stack) - before
    if new != expected or tally.created + tally.duplicates != expected:
        raise SystemExit(f"{new} of {expected} stored, {tally.created + tally.duplicates} told; {tally.faults[:9]}")
    return tally, peak


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1] * 1000


def measure(name: str, stack: Stack, port: int, people: list[Phone]) -> list[Line]:
    first, small = drained(stack, port, people)
    time.sleep(2)
    second, large = drained(stack, port, people)
    seconds = first.seconds + second.seconds
    answers = seconds + first.refused + second.refused
    rate = PHONES * WAITING / max(second.drained)
    print(
        f"\n{name}: {rate:,.0f} records a second; a phone was done after {statistics.median(second.drained):.0f} s"
        f" (median), the last after {max(second.drained):.0f} s; {len(second.refused) / (PHONES * WAITING / 100):.1f}"
        f" times per upload asked to come later, answered in {p95(second.refused or [0, 0]):.0f} ms (p95)"
    )
    return [
        Line(f"{name}: p95 of an upload", LIMIT_MS, p95(seconds), "ms", 1.0, at_most=True),
        Line(f"{name}: p95 of any answer", LIMIT_MS, p95(answers), "ms", 1.0, at_most=True),
        Line(f"{name}: answers that were faults", 1, 1 + len(first.faults + second.faults), "+1", 1.0, at_most=True),
        Line(f"{name}: memory, second time ÷ first", small, large, "MB", FLAT, at_most=True),
    ]


def main() -> None:
    with servers("drain") as stack:
        people = phones(PHONES, WAITING)
        with wsgi_workers(stack) as wsgi:
            lines = measure("two WSGI workers", stack, wsgi, people)
        with asgi_process(stack) as asgi:
            lines += measure("one ASGI process", stack, asgi, people)
    report("drain", lines)


if __name__ == "__main__":
    main()
