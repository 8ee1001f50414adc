"""From posting a fever to its alert on a socket while 200 phones push, leg by leg; and with the machine full."""

import json
import os
import statistics
import time
from http.client import HTTPConnection
from pathlib import Path

import psutil
from _crowd import Habit, Tally, pushing, upload_of
from _harness import Line, report
from _world import Phone, asgi_process, phones, servers, wsgi_workers
from websockets.sync.client import connect

from launch.paths import REPOSITORY

PHONES = 200
FEVERS = 100
PAUSE = 0.5
LIMIT_MS = 1000
#: A county's phones come back: each brings 300 waiting records at some moment of this minute, and goes on recording.
COMING_BACK = Habit(waiting=300, over=FEVERS * PAUSE, visits=2, every=4.0)
#: More than two cores can take: every phone sends full batches without a pause.
FULL = Habit(ceaseless=True)
LEGS = (
    ("queued", "sent", "started"),
    ("unpacked", "started", "viewed"),
    ("stored", "viewed", "committed"),
    ("rung", "committed", "rung"),
    ("heard", "rung", "heard"),
    ("read", "heard", "read"),
    ("received", "read", "received"),
)
TRACE = REPOSITORY / "var" / "bench" / "trace.jsonl"


def fevers(http_port: int, socket_port: int, phone: Phone) -> list[dict[str, float]]:
    """The moments of each fever as its sender and an office see them: sent, received."""
    made = []
    connection = HTTPConnection("127.0.0.1", http_port, timeout=120)
    address = f"ws://127.0.0.1:{socket_port}/ws/alerts/"
    with connect(address, additional_headers={"Cookie": phone.cookie}, compression=None, proxy=None) as listener:
        while '"live"' not in listener.recv(timeout=60):
            pass
        for number, home in enumerate(phone.households[:FEVERS]):
            visit = {"household": str(home), "outcome": "seen_unwell", "people": [{"temperature": 38.5}]}
            body = upload_of(phone, number + 1, [visit])
            headers = {
                "Content-Type": "application/json", "Cookie": phone.cookie, "X-CSRFToken": phone.csrf,
                "X-Trace": str(number),
            }  # fmt: skip
            sent = time.monotonic()
            connection.request("POST", "/api/v1/sync/push/", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200 or b'"created"' not in content:
                raise SystemExit(f"a fever was refused: {answer.status} {content[:300]!r}")
            while '"raised"' not in listener.recv(timeout=120):
                pass
            made.append({"sent": sent, "received": time.monotonic()})
            time.sleep(max(0.0, sent + PAUSE - time.monotonic()))
    return made


def join_trace(made: list[dict[str, float]], trace: Path) -> None:
    """Add to each fever the moments that the servers wrote down."""
    hub: dict[str, list[float]] = {"heard": [], "read": []}
    for line in trace.read_text().splitlines():
        moment, number, seconds = json.loads(line)
        if number:
            made[int(number)].setdefault(moment, seconds)
        else:
            hub[moment].append(seconds)
    for fever in made:
        fever["read"] = max(t for t in hub["read"] if t <= fever["received"])
        fever["heard"] = max(t for t in hub["heard"] if t <= fever["read"])


def spread(figures: list[float]) -> str:
    cuts = statistics.quantiles(figures, n=100)
    return f"median {cuts[49]:7.0f}  p90 {cuts[89]:7.0f}  p99 {cuts[98]:7.0f} ms"


def measured(name: str, *, ports: tuple[int, int], people: list[Phone], phone: Phone, habit: Habit) -> list[float]:
    """Milliseconds from posting to the frame, printed leg by leg."""
    TRACE.write_text("")
    processes = {p.pid: p for p in psutil.Process().children(recursive=True)}
    with pushing(ports[0], people, habit) as tallies:
        time.sleep(3)
        before = {pid: sum(p.cpu_times()[:2]) for pid, p in processes.items() if p.is_running()}
        begun = time.monotonic()
        made = fevers(*ports, phone)
        lasted = time.monotonic() - begun
        cores = {
            pid: (sum(processes[pid].cpu_times()[:2]) - used) / lasted for pid, used in before.items()
            if processes[pid].is_running()
        }  # fmt: skip
    join_trace(made, TRACE)
    print(f"\n{name}: {told(tallies[0], lasted)}")
    print(f"  processors used: servers {sum(cores.values()):.2f}, phones {tallies[0].cpu / (lasted + 3):.2f}")
    for leg, start, end in LEGS:
        print(f"  {leg:<10} {spread([(f[end] - f[start]) * 1000 for f in made])}")
    whole = [(f["received"] - f["sent"]) * 1000 for f in made]
    print(f"  {'whole':<10} {spread(whole)}")
    return whole


def told(tally: Tally, lasted: float) -> str:
    done = len(tally.seconds)
    p95 = statistics.quantiles(tally.seconds, n=20)[-1] if done > 1 else 0
    return (
        f"{done / lasted:.0f} uploads, {tally.created / lasted:.0f} records a second;"
        f" an upload's p95 {p95 * 1000:.0f} ms, {len(tally.refused)} asked to come later, faults {tally.faults}"
    )


def main() -> None:
    lines = []
    TRACE.parent.mkdir(parents=True, exist_ok=True)
    os.environ["BENCH_TRACE"] = str(TRACE)
    with servers("record_to_alert") as stack:
        *people, a, b, c, d = phones(PHONES + 4, FEVERS)
        from django.db import connection

        connection.close()
        watched = iter((a, b, c, d))
        with (
            asgi_process(stack, "bench._traced:asgi_application") as asgi,
            wsgi_workers(stack, "bench._traced:wsgi_application") as wsgi,
        ):
            for load, habit, goal in (("phones coming back", COMING_BACK, 1.0), ("machine full", FULL, 1.0)):
                for layout, port in (("WSGI + ASGI", wsgi), ("one ASGI process", asgi)):
                    name = f"{load}, {layout}"
                    whole = measured(name, ports=(port, asgi), people=people, phone=next(watched), habit=habit)
                    p99 = statistics.quantiles(whole, n=100)[-1]
                    lines.append(Line(f"{name}, p99", LIMIT_MS, p99, "ms", goal, at_most=True))
    report("record_to_alert", lines)


if __name__ == "__main__":
    main()
