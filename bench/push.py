"""Push: 100 "all well" visits a request, and one a request, against raw inserts; re-sending a stored batch."""

import datetime as dt
import multiprocessing
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from _client import Client
from _harness import Line, interleaved, report
from _world import Phone, apart, asgi_process, phones, servers
from uuid_utils.compat import uuid7

from launch.paths import PYTHON, REPOSITORY
from launch.stack import Stack

ROUNDS = 9
BATCHES = 60  # per process and round
SINGLES = 500
ALL_WELL = "seen_well"

#: What a visit's row holds; the raw table has the same columns, its key and one index.
COLUMNS = {
    "id": "uuid", "region_code": "text", "business_day": "date", "observed_at": "timestamptz",
    "corrected_at": "timestamptz", "received_at": "timestamptz", "doubtful": "boolean", "author_id": "bigint",
    "author_name": "text", "device_id": "uuid", "replaces_id": "uuid", "household_id": "uuid", "outcome": "text",
    "people": "jsonb", "temperature_max": "numeric", "fever_count": "smallint", "symptom_count": "smallint",
    "note": "text", "rule_version": "text",
}  # fmt: skip
_TYPED = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
RAW_TABLE = f"""
CREATE TABLE raw_visit ({_TYPED}, PRIMARY KEY (id));
ALTER TABLE raw_visit ALTER region_code TYPE text COLLATE "C";
CREATE INDEX ON raw_visit (region_code, business_day);
"""
UNNEST = f"INSERT INTO raw_visit SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in COLUMNS.values())})"
RECORDSET = (
    f"INSERT INTO raw_visit SELECT * FROM jsonb_to_recordset(%s::jsonb) AS v({_TYPED}) "
    "ON CONFLICT DO NOTHING RETURNING id"
)
SINGLE = f"INSERT INTO raw_visit VALUES ({', '.join(['%s'] * len(COLUMNS))})"


def raw_row(phone: Phone, home: UUID, now: dt.datetime) -> tuple[Any, ...]:
    """One "all well", as a row of `COLUMNS`."""
    return (
        uuid7(), phone.cell, now.date(), now, now, now, False, 1, "网格员", phone.device, None, home, ALL_WELL, "[]",
        None, 0, 0, None, "national-2022",
    )  # fmt: skip


def raw_rows(phone: Phone, size: int) -> list[tuple[Any, ...]]:
    now = dt.datetime.now(dt.UTC)
    return [raw_row(phone, home, now) for home in phone.households[:size]]


def raw_unnest(url: str, phone: Phone, batches: int, size: int) -> int:
    with psycopg.connect(url, autocommit=True) as db:
        for _ in range(batches):
            db.execute(UNNEST, [list(column) for column in zip(*raw_rows(phone, size), strict=True)])
    return batches * size


def raw_recordset(url: str, phone: Phone, batches: int, size: int) -> int:
    with psycopg.connect(url, autocommit=True) as db:
        for _ in range(batches):
            rows = [dict(zip(COLUMNS, row, strict=True)) for row in raw_rows(phone, size)]
            db.execute(RECORDSET, [msgspec.json.encode(rows).decode()]).fetchall()
    return batches * size


def raw_single(url: str, phone: Phone, batches: int, size: int) -> int:
    with psycopg.connect(url, autocommit=True) as db:
        for _ in range(batches):
            db.execute(SINGLE, raw_rows(phone, size)[0])
    return batches


def bodies(phone: Phone, batches: int, size: int) -> list[bytes]:
    """Uploads of `size` visits each, as a phone sends them."""
    made = []
    for batch in range(batches):
        now = dt.datetime.now(dt.UTC)
        items = [
            {"id": uuid7(), "kind": "visit", "schema": 1, "seq": batch * size + n + 1, "observed_at": now,
             "body": {"household": phone.households[(batch * size + n) % len(phone.households)], "outcome": ALL_WELL}}
            for n in range(size)
        ]  # fmt: skip
        made.append(msgspec.json.encode({"device": phone.device, "api_level": 1, "sent_at": now, "items": items}))
    return made


def ordinary_bodies(phone: Phone, batches: int, size: int) -> list[bytes]:
    """The same visits in the shape of the ordinary endpoint."""
    now = dt.datetime.now(dt.UTC)
    shape = {"region_code": phone.cell, "business_day": now.date(), "observed_at": now, "device_id": phone.device}
    return [
        msgspec.json.encode(
            [
                {**shape, "id": uuid7(), "household_id": phone.households[n % len(phone.households)],
                 "outcome": ALL_WELL}
                for n in range(size)
            ]
        )
        for _ in range(batches)
    ]  # fmt: skip


def post_all(port: int, phone: Phone, sent: list[bytes], verdict: bytes) -> int:
    """Send every body on one connection; how many items got `verdict`."""
    headers = {"Content-Type": "application/json", "Cookie": phone.cookie, "X-CSRFToken": phone.csrf}
    return sum(
        answer.count(b'"verdict":"' + verdict + b'"') for answer in _post(port, "/api/v1/sync/push/", sent, headers)
    )


def post_ordinary(port: int, sent: list[bytes], size: int, signed_in: dict[str, str]) -> int:
    return sum(size for _ in _post(port, "/visits/", sent, {"Content-Type": "application/json"} | signed_in))


def _post(port: int, path: str, sent: list[bytes], headers: dict[str, str]) -> list[bytes]:
    client = Client(port, path, headers)
    answers = []
    for body in sent:
        status, answer = client.post(body)
        if status != 200:
            raise SystemExit(f"{status} {answer[:300]!r}")
        answers.append(answer)
    return answers


def _worker(work: Callable, prepare: Callable | None, start: Any, done: Any, arguments: tuple) -> None:
    prepared = prepare(*arguments) if prepare else arguments
    start.wait()
    begun = time.perf_counter()
    count = work(*prepared)
    done.put((begun, time.perf_counter(), count))


def rate(work: Callable, jobs: list[tuple], prepare: Callable | None = None) -> float:
    """Rows a second of two processes at once, from the first start to the last end."""
    context = multiprocessing.get_context("fork")
    start, done = context.Barrier(len(jobs)), context.Queue()
    processes = [context.Process(target=_worker, args=(work, prepare, start, done, job), daemon=True) for job in jobs]
    for process in processes:
        process.start()
    results = [done.get(timeout=300) for _ in jobs]
    for process in processes:
        process.join()
    return sum(r[2] for r in results) / (max(r[1] for r in results) - min(r[0] for r in results))


def _prepare_post(port: int, phone: Phone, batches: int, size: int) -> tuple:
    return port, phone, bodies(phone, batches, size), b"created"


def _prepare_ordinary(port: int, phone: Phone, batches: int, size: int, signed_in: dict[str, str]) -> tuple:
    return port, ordinary_bodies(phone, batches, size), size, signed_in


def prepare_ordinary(stack: Stack) -> dict[str, str]:
    """Make the tables of the ordinary endpoint, which is another Django project; the headers of somebody signed in."""
    made = subprocess.run(
        [str(PYTHON), "bench/_ordinary.py"], cwd=REPOSITORY, env=stack.environment(owner=True), check=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return msgspec.json.decode(made.stdout, type=dict[str, str])


def resend(ports: list[int], pair: list[Phone]) -> tuple[float, float]:
    """Rows a second of the first sending and of the second, which must add nothing."""
    sent = [bodies(phone, BATCHES, 100) for phone in pair]
    first = rate(post_all, [(ports[n], phone, sent[n], b"created") for n, phone in enumerate(pair)])
    again = rate(post_all, [(ports[n], phone, sent[n], b"duplicate") for n, phone in enumerate(pair)])
    return first, again


def measure(stack: Stack, pair: list[Phone], signed_in: dict[str, str]) -> dict[str, float]:
    """Medians of every way, interleaved; the servers stand idle while another way has its turn."""
    url = stack.owner_url
    with (
        apart(stack) as wsgi,
        asgi_process(stack) as asgi,
        apart(stack, "bench._ordinary:application") as ordinary,
    ):
        each = list(zip(wsgi, pair, strict=True))
        figures = interleaved(
            ROUNDS,
            unnest=lambda: rate(raw_unnest, [(url, phone, BATCHES, 100) for phone in pair]),
            recordset=lambda: rate(raw_recordset, [(url, phone, BATCHES, 100) for phone in pair]),
            single=lambda: rate(raw_single, [(url, phone, SINGLES, 1) for phone in pair]),
            ordinary=lambda: rate(
                post_ordinary,
                [(port, phone, BATCHES // 3, 100, signed_in) for port, phone in zip(ordinary, pair, strict=True)],
                _prepare_ordinary,
            ),
            wsgi=lambda: rate(post_all, [(port, phone, BATCHES, 100) for port, phone in each], _prepare_post),
            asgi=lambda: rate(post_all, [(asgi, phone, BATCHES, 100) for phone in pair], _prepare_post),
            one=lambda: rate(post_all, [(port, phone, SINGLES, 1) for port, phone in each], _prepare_post),
        )
        repeats = [resend(wsgi, pair) for _ in range(ROUNDS)]
    figures["first"], figures["again"] = (statistics.median(values) for values in zip(*repeats, strict=True))
    return figures


def main() -> None:
    with servers("push") as stack:
        pair = phones()[:2]
        with psycopg.connect(stack.owner_url, autocommit=True) as db:
            db.execute(RAW_TABLE)
        found = measure(stack, pair, prepare_ordinary(stack))
        with psycopg.connect(stack.owner_url) as db:
            ledger, visits = db.execute(
                "SELECT (SELECT count(*) FROM facts_syncitem), (SELECT count(*) FROM visits_visit)"
            ).fetchone() or (0, -1)
        assert ledger == visits, (ledger, visits)
    report(
        "push",
        [
            Line("100 visits, two WSGI workers ÷ raw unnest", found["unnest"], found["wsgi"], "rows/s", 0.60),
            Line("100 visits, one ASGI process ÷ raw unnest", found["unnest"], found["asgi"], "rows/s", 0.35),
            Line("100 visits ÷ raw jsonb_to_recordset", found["recordset"], found["wsgi"], "rows/s", 0.25),
            Line("100 visits ÷ ordinary DRF endpoint", found["ordinary"], found["wsgi"], "rows/s", 2.0),
            Line("one visit a request ÷ raw single inserts", found["single"], found["one"], "rows/s", 0.25),
            Line("sending a stored batch again ÷ first time", found["first"], found["again"], "rows/s", 1.0),
        ],
    )


if __name__ == "__main__":
    main()
