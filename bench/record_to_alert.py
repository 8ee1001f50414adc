"""From posting a fever to its alert on a socket, while 200 phones push: the whole way, at p99."""

import datetime as dt
import json
import multiprocessing
import statistics
import threading
import time
from http.client import HTTPConnection
from multiprocessing.synchronize import Event

from _harness import Line, report
from _world import Phone, one_asgi_process, phones, servers, wsgi_workers
from uuid_utils.compat import uuid7
from websockets.sync.client import connect

PHONES = 200
#: Each phone pushes two "all well" visits this often: far more than a worker knocks at doors.
EVERY = 4.0
FEVERS = 100
LIMIT_MS = 1000


def body_of(phone: Phone, seq: int, visits: list[dict]) -> bytes:
    now = dt.datetime.now(dt.UTC).isoformat()
    items = [
        {"id": str(uuid7()), "kind": "visit", "schema": 1, "seq": seq + n, "observed_at": now, "body": visit}
        for n, visit in enumerate(visits)
    ]
    return json.dumps({"device": str(phone.device), "api_level": 1, "sent_at": now, "items": items}).encode()


def push(connection: HTTPConnection, phone: Phone, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "Cookie": phone.cookie, "X-CSRFToken": phone.csrf}
    connection.request("POST", "/api/v1/sync/push/", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200 or b'"created"' not in content:
        raise SystemExit(f"{answer.status} {content[:300]!r}")


def crowd(port: int, people: list[Phone], stop: Event, pushed: "multiprocessing.Value") -> None:
    """The other phones, in a process of their own."""

    def one(phone: Phone, offset: float) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        seq = 1
        due = time.monotonic() + offset
        while not stop.wait(max(0.0, due - time.monotonic())):
            visits = [{"household": str(home), "outcome": "seen_well"} for home in phone.households[:2]]
            push(connection, phone, body_of(phone, seq, visits))
            seq += len(visits)
            due = max(due + EVERY, time.monotonic())
            with pushed.get_lock():
                pushed.value += 1

    threads = [threading.Thread(target=one, args=(p, n * EVERY / len(people))) for n, p in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fevers(http_port: int, socket_port: int, phone: Phone, homes: list) -> list[float]:
    """Milliseconds from the request to the frame, one fever after the other."""
    answered, figures = [], []
    connection = HTTPConnection("127.0.0.1", http_port, timeout=60)
    address = f"ws://127.0.0.1:{socket_port}/ws/alerts/"
    with connect(address, additional_headers={"Cookie": phone.cookie}, compression=None, proxy=None) as listener:
        while '"live"' not in listener.recv(timeout=30):
            pass
        for number, home in enumerate(homes):
            visit = {"household": str(home), "outcome": "seen_unwell", "people": [{"temperature": 38.5}]}
            body = body_of(phone, number + 1, [visit])
            start = time.monotonic()
            push(connection, phone, body)
            answered.append((time.monotonic() - start) * 1000)
            while '"raised"' not in listener.recv(timeout=60):
                pass
            figures.append((time.monotonic() - start) * 1000)
            time.sleep(0.05)
    print(f"answered: {spread(answered)}; on the socket: {spread(figures)}")
    return figures


def spread(figures: list[float]) -> str:
    cuts = statistics.quantiles(figures, n=100)
    return f"median {cuts[49]:.0f}, p90 {cuts[89]:.0f}, p99 {cuts[98]:.0f} ms"


def under_load(http_port: int, socket_port: int, people: list[Phone], measured: Phone, homes: list) -> list[float]:
    context = multiprocessing.get_context("fork")
    stop, pushed = context.Event(), context.Value("i", 0)
    others = context.Process(target=crowd, args=(http_port, people, stop, pushed))
    others.start()
    try:
        time.sleep(EVERY)
        begun, before = time.monotonic(), pushed.value
        figures = fevers(http_port, socket_port, measured, homes)
        rate = (pushed.value - before) / (time.monotonic() - begun)
        print(
            f"{PHONES} phones pushed {rate:.0f} requests a second meanwhile; median {statistics.median(figures):.0f} ms"
        )
    finally:
        stop.set()
        others.join(60)
    return figures


def main() -> None:
    lines = []
    with servers("record_to_alert") as stack:
        measured, *people = phones(PHONES + 1, FEVERS * 2)
        from django.db import connection

        connection.close()
        with one_asgi_process(stack) as asgi, wsgi_workers(stack) as wsgi:
            for name, port, homes in (
                ("two WSGI workers and one ASGI process", wsgi, measured.households[:FEVERS]),
                ("one ASGI process", asgi, measured.households[FEVERS:]),
            ):
                figures = under_load(port, asgi, people, measured, homes)
                p99 = statistics.quantiles(figures, n=100)[-1]
                lines.append(Line(f"{name}, p99", LIMIT_MS, p99, "ms", 1.0, at_most=True))
    report("record_to_alert", lines)


if __name__ == "__main__":
    main()
