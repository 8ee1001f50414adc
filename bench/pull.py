"""Pull: 10,000 changes page by page ÷ a raw SELECT with JSON encoding of the same rows; a pull with nothing new."""

import re
import time

import msgspec
import psycopg
from _client import Client
from _harness import Line, interleaved, report
from _world import Phone, phones, servers, wsgi_workers
from psycopg.rows import dict_row
from push import bodies, post_all

ROUNDS = 7
HOUSEHOLDS = 2_000
VISITS = 8_000
PAGE = 2_000
EMPTY_BYTES = 1_000

#: The same rows with the columns that a phone is sent.
RAW = (
    (
        "SELECT id, region_code, address, building, unit, floor, door, head_masked, headcount, occupancy, care, "
        "phone_sealed IS NOT NULL AS phone_known, version, sort_key FROM residents_household WHERE region_code = %s"
    ),
    (
        "SELECT id, household_id, region_code, outcome, corrected_at, business_day, temperature_max, fever_count, "
        "symptom_count, author_name FROM visits_visit WHERE region_code = %s"
    ),
)


#: What the next request needs of an answer; the baseline has no client that would read the rest.
HEAD = re.compile(rb'"cursor":"([^"]*)","more":(true|false)')


def raw_select(url: str, cell: str) -> float:
    """Rows a second of selecting and encoding everything of the cell at once."""
    start = time.perf_counter()
    count = 0
    with psycopg.connect(url, row_factory=dict_row) as db:
        for statement in RAW:
            rows = db.execute(statement, [cell]).fetchall()
            count += len(rows)
            msgspec.json.encode(rows)
    return count / (time.perf_counter() - start)


def pull(port: int, phone: Phone, cursor: str = "") -> tuple[int, str, list[int]]:
    """Follow `more` to the end: number of changes, the last cursor, the length of each answer."""
    client = Client(port, "/api/v1/sync/pull/", {"Cookie": phone.cookie})
    count, lengths = 0, []
    more = True
    while more:
        status, content, length = client.get(f"limit={PAGE}&cursor={cursor}")
        head = HEAD.search(content, 0, 1_000)
        if status != 200 or head is None:
            raise SystemExit(f"{status} {content[:300]!r}")
        lengths.append(length)
        count += content.count(b'"op":"put"')
        cursor, more = head[1].decode(), head[2] == b"true"
    return count, cursor, lengths


def pulled(port: int, phone: Phone) -> float:
    """Changes a second of a first download."""
    start = time.perf_counter()
    count, _, _ = pull(port, phone)
    seconds = time.perf_counter() - start
    if count < HOUSEHOLDS + VISITS:
        raise SystemExit(f"only {count} changes came")
    return count / seconds


def main() -> None:
    with servers("pull") as stack:
        (phone,) = phones(1, HOUSEHOLDS)
        from django.db import connection

        connection.close()
        with wsgi_workers(stack) as port:
            post_all(port, phone, bodies(phone, VISITS // 500, 500), b"created")
            with psycopg.connect(stack.owner_url, autocommit=True) as db:
                # What autovacuum does within its minute; the day's first pulls find it done.
                db.execute("VACUUM ANALYZE")
            figures = interleaved(
                ROUNDS, raw=lambda: raw_select(stack.owner_url, phone.cell), ours=lambda: pulled(port, phone)
            )
            _, cursor, _ = pull(port, phone)
            _, _, lengths = pull(port, phone, cursor)
    report(
        "pull",
        [
            Line("pull of 10,000 changes ÷ raw SELECT + JSON", figures["raw"], figures["ours"], "rows/s", 0.40),
            Line("a pull with nothing new, with headers", EMPTY_BYTES, sum(lengths), "bytes", 1.0, at_most=True),
            Line("requests of a pull with nothing new", 1, len(lengths), "requests", 1.0, at_most=True),
        ],
    )


if __name__ == "__main__":
    main()
