"""Push: 100 "all well" visits a request, and one a request, against raw inserts; re-sending a stored batch."""

import datetime as dt
import json
import multiprocessing
import time
from collections.abc import Callable
from http.client import HTTPConnection

import psycopg
from _harness import Line, interleaved, report
from _world import Phone, one_asgi_process, phones, servers, wsgi_workers
from uuid_utils.compat import uuid7

ROUNDS = 5
BATCHES = 60  # per process and round
SINGLES = 200

RAW_TABLE = """
CREATE TABLE raw_visit (id uuid PRIMARY KEY, region_code text COLLATE "C", business_day date, observed_at timestamptz,
    received_at timestamptz, author_id bigint, device_id uuid, household_id uuid, outcome text);
CREATE INDEX ON raw_visit (region_code, business_day);
"""
UNNEST = (
    "INSERT INTO raw_visit SELECT * FROM unnest(%s::uuid[], %s::text[], %s::date[], %s::timestamptz[], "
    "%s::timestamptz[], %s::bigint[], %s::uuid[], %s::uuid[], %s::text[])"
)
RECORDSET = (
    "INSERT INTO raw_visit SELECT * FROM jsonb_to_recordset(%s::jsonb) AS v(id uuid, region_code text, "
    "business_day date, observed_at timestamptz, received_at timestamptz, author_id bigint, device_id uuid, "
    "household_id uuid, outcome text) ON CONFLICT DO NOTHING RETURNING id"
)


def raw_rows(phone: Phone, size: int) -> list[tuple]:
    now = dt.datetime.now(dt.UTC)
    return [
        (uuid7(), phone.cell, now.date(), now, now, 1, phone.device, home, "seen_well")
        for home in phone.households[:size]
    ]


def raw_unnest(url: str, phone: Phone, batches: int, size: int) -> int:
    with psycopg.connect(url, autocommit=True) as db:
        for _ in range(batches):
            db.execute(UNNEST, [list(column) for column in zip(*raw_rows(phone, size), strict=True)])
    return batches * size


def raw_recordset(url: str, phone: Phone, batches: int, size: int) -> int:
    names = ("id", "region_code", "business_day", "observed_at", "received_at", "author_id", "device_id",
             "household_id", "outcome")  # fmt: skip
    with psycopg.connect(url, autocommit=True) as db:
        for _ in range(batches):
            rows = [dict(zip(names, row, strict=True)) for row in raw_rows(phone, size)]
            db.execute(RECORDSET, [json.dumps(rows, default=str)]).fetchall()
    return batches * size


def raw_single(url: str, phone: Phone, batches: int, size: int) -> int:
    insert = "INSERT INTO raw_visit VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
    with psycopg.connect(url, autocommit=True) as db:
        for _ in range(batches):
            db.execute(insert, raw_rows(phone, 1)[0])
    return batches


def bodies(phone: Phone, batches: int, size: int) -> list[bytes]:
    made = []
    for batch in range(batches):
        now = dt.datetime.now(dt.UTC).isoformat()
        items = [
            {"id": str(uuid7()), "kind": "visit", "schema": 1, "seq": batch * size + n + 1, "observed_at": now,
             "body": {"household": str(phone.households[(batch * size + n) % len(phone.households)]),
                      "outcome": "seen_well"}}
            for n in range(size)
        ]  # fmt: skip
        made.append(
            json.dumps({"device": str(phone.device), "api_level": 1, "sent_at": now, "items": items}).encode()
        )
    return made


def post_all(port: int, phone: Phone, sent: list[bytes], verdict: bytes) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", "Cookie": phone.cookie, "X-CSRFToken": phone.csrf}
    done = 0
    for body in sent:
        connection.request("POST", "/api/v1/sync/push/", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        done += content.count(b'"verdict":"' + verdict + b'"')
        if answer.status != 200:
            raise SystemExit(f"{answer.status} {content[:300]!r}")
    return done


def _worker(work: Callable, prepare: Callable | None, start, done, arguments: tuple) -> None:
    prepared = prepare(*arguments) if prepare else arguments
    start.wait()
    begun = time.perf_counter()
    count = work(*prepared)
    done.put((begun, time.perf_counter(), count))


def rate(work: Callable, jobs: list[tuple], prepare: Callable | None = None) -> float:
    """Rows a second of two processes at once, from the first start to the last end."""
    context = multiprocessing.get_context("fork")
    start, done = context.Barrier(len(jobs)), context.Queue()
    processes = [context.Process(target=_worker, args=(work, prepare, start, done, job)) for job in jobs]
    for process in processes:
        process.start()
    results = [done.get(timeout=300) for _ in jobs]
    for process in processes:
        process.join()
    return sum(r[2] for r in results) / (max(r[1] for r in results) - min(r[0] for r in results))


def _prepare_post(port: int, phone: Phone, batches: int, size: int) -> tuple:
    return port, phone, bodies(phone, batches, size), b"created"


def resend(port: int, pair: list[Phone]) -> tuple[float, float]:
    """Rows a second of the first sending and of the second, which must add nothing."""
    sent = [bodies(phone, BATCHES, 100) for phone in pair]
    first = rate(post_all, [(port, phone, sent[n], b"created") for n, phone in enumerate(pair)])
    again = rate(post_all, [(port, phone, sent[n], b"duplicate") for n, phone in enumerate(pair)])
    return first, again


def main() -> None:
    with servers("push") as stack:
        pair = phones()[:2]
        from django.db import connection

        url = stack.owner_url
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(RAW_TABLE)
        connection.close()
        with wsgi_workers(stack) as wsgi, one_asgi_process(stack) as asgi:
            per_round = {
                "unnest": lambda: rate(raw_unnest, [(url, phone, BATCHES, 100) for phone in pair]),
                "recordset": lambda: rate(raw_recordset, [(url, phone, BATCHES, 100) for phone in pair]),
                "single": lambda: rate(raw_single, [(url, phone, SINGLES, 1) for phone in pair]),
                "wsgi": lambda: rate(post_all, [(wsgi, phone, BATCHES, 100) for phone in pair], _prepare_post),
                "asgi": lambda: rate(post_all, [(asgi, phone, BATCHES, 100) for phone in pair], _prepare_post),
                "one": lambda: rate(post_all, [(wsgi, phone, SINGLES, 1) for phone in pair], _prepare_post),
            }
            figures = interleaved(ROUNDS, **per_round)
            repeats = [resend(wsgi, pair) for _ in range(3)]
        first, again = (sorted(values)[1] for values in zip(*repeats, strict=True))
        with psycopg.connect(url) as db:
            ledger, visits = db.execute(
                "SELECT (SELECT count(*) FROM facts_syncitem), (SELECT count(*) FROM visits_visit)"
            ).fetchone()
        assert ledger == visits, (ledger, visits)
    report(
        "push",
        [
            Line("100 visits, two WSGI workers ÷ raw unnest", figures["unnest"], figures["wsgi"], "rows/s", 0.60),
            Line("100 visits, one ASGI process ÷ raw unnest", figures["unnest"], figures["asgi"], "rows/s", 0.35),
            Line("100 visits ÷ raw jsonb_to_recordset", figures["recordset"], figures["wsgi"], "rows/s", 0.25),
            Line("one visit a request ÷ raw single inserts", figures["single"], figures["one"], "rows/s", 0.25),
            Line("sending a stored batch again ÷ first time", first, again, "rows/s", 1.0),
        ],
    )


if __name__ == "__main__":
    main()
