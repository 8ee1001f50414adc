"""Outbox and read cache of one user on one device, in one SQLite file.

What `save` has returned from is on disk. A page of changes and its cursor are one transaction. An emptied cache leaves
the outbox alone.
"""

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from uuid_utils.compat import uuid7

WAITING, CONFIRMED, NEEDS_YOU = "waiting", "confirmed", "needs-you"

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, kind TEXT NOT NULL, schema INTEGER NOT NULL,
    observed_at TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, not_before REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, verdict TEXT, code TEXT, field TEXT, message TEXT, day TEXT,
    made_day TEXT NOT NULL, proved INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS outbox_state ON outbox (state, seq);
CREATE TABLE IF NOT EXISTS closings (
    day TEXT PRIMARY KEY, history TEXT NOT NULL, made INTEGER NOT NULL, confirmed INTEGER NOT NULL,
    closed INTEGER NOT NULL, statement TEXT NOT NULL, signature TEXT NOT NULL, key TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS cache (kind TEXT, id TEXT, data TEXT NOT NULL, PRIMARY KEY (kind, id));
"""


class Store:
    """`Store(path)`; times are POSIX seconds of the phone, days are ISO dates.

    With `durable` false a power cut may cost the last records, the death of the program costs none: for phones that
    are played and have no power to lose.
    """

    def __init__(self, path: Path, *, durable: bool = True):
        self.path = path
        # Handed from thread to thread, never used by two at once.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        # One write to the disk for each save, where a rollback journal takes three.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        self._db.executescript(_TABLES)
        if not self._meta("device"):
            self._set_meta("device", self.new_id())

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is kept as one, or not at all."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    @property
    def device(self) -> str:
        return self._meta("device")

    @staticmethod
    def new_id() -> str:
        """A UUID version 7: ids of one phone lie together in the server's index."""
        return str(uuid7())

    # --- outbox ---------------------------------------------------------------------------------------------------

    def save(
        self, *, record_id: str, kind: str, schema: int, observed_at: str, made_day: str, body: dict[str, Any]
    ) -> None:
        """A second save under the same id changes nothing: two taps are one record."""
        with self.together():
            seq = int(self._meta("seq") or 0) + 1
            text = json.dumps(body, ensure_ascii=False)
            added = self._db.execute(
                "INSERT INTO outbox (id, seq, kind, schema, observed_at, made_day, body, state) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (record_id, seq, kind, schema, observed_at, made_day, text, WAITING),
            )
            if added.rowcount:
                self._set_meta("seq", str(seq))

    def waiting(self) -> list[dict[str, Any]]:
        """All that waits, as it goes over the wire, oldest `seq` first."""
        return self.due(at=math.inf)

    def due(self, *, at: float) -> list[dict[str, Any]]:
        """Items as they go over the wire, oldest `seq` first."""
        rows = self._db.execute(
            "SELECT id, kind, schema, seq, observed_at, body FROM outbox WHERE state = ? AND not_before <= ? "
            "ORDER BY seq",
            (WAITING, at),
        )
        return [dict(row) | {"body": json.loads(row["body"])} for row in rows]

    def bodies(self, kind: str, *states: str) -> list[dict[str, Any]]:
        """What was said under `kind` by records in these states, oldest `seq` first."""
        rows = self._db.execute("SELECT state, body FROM outbox WHERE kind = ? ORDER BY seq", (kind,))
        return [json.loads(row["body"]) for row in rows if row["state"] in states]

    def end_waits(self) -> None:
        """Somebody asked, or the network is back."""
        self._db.execute("UPDATE outbox SET not_before = 0 WHERE state = ?", (WAITING,))

    def settle(self, record_id: str, result: dict[str, Any], *, state: str, day: str) -> None:
        self._db.execute(
            "UPDATE outbox SET state = ?, verdict = ?, code = ?, field = ?, message = ?, day = ?, "
            "attempts = attempts + 1 WHERE id = ?",
            (state, *(result.get(key) for key in ("verdict", "code", "field", "message")), day, record_id),
        )

    def drop(self, record_id: str) -> None:
        """A question that is asked anew: this answer to it is nobody's record."""
        self._db.execute("DELETE FROM outbox WHERE id = ?", (record_id,))

    def postpone(self, record_ids: Iterable[str], *, until: float) -> None:
        self._db.executemany(
            "UPDATE outbox SET not_before = ?, attempts = attempts + 1 WHERE id = ?",
            [(until, record_id) for record_id in record_ids],
        )

    def attempts(self, record_id: str) -> int:
        return int(self._db.execute("SELECT attempts FROM outbox WHERE id = ?", (record_id,)).fetchone()[0])

    def mend(self, record_id: str, body: dict[str, Any]) -> str:
        """What the worker corrected in the inbox goes up again: under its id, but after a conflict under a new one."""
        row = self._db.execute("SELECT verdict FROM outbox WHERE id = ? AND state = ?", (record_id, NEEDS_YOU))
        found = row.fetchone()
        if found is None:
            raise LookupError(record_id)
        new_id = self.new_id() if found["verdict"] == "conflict" else record_id
        self._db.execute(
            "UPDATE outbox SET id = ?, body = ?, state = ?, not_before = 0, verdict = NULL, code = NULL, field = NULL, "
            "message = NULL WHERE id = ?",
            (new_id, json.dumps(body, ensure_ascii=False), WAITING, record_id),
        )
        return new_id

    def refer(self, record_id: str, *, referral: str, schema: int, observed_at: str, made_day: str, note: str) -> None:
        """A record of the inbox becomes a referral, which holds all of it: one step, or none."""
        with self.together():
            row = self._db.execute("SELECT * FROM outbox WHERE id = ? AND state = ?", (record_id, NEEDS_YOU)).fetchone()
            if row is None:
                raise LookupError(record_id)
            seq = int(self._meta("seq") or 0) + 1
            body = {
                "item": self.new_id() if row["verdict"] == "conflict" else record_id, "kind": row["kind"],
                "schema": row["schema"], "seq": row["seq"], "observed_at": row["observed_at"],
                "record": json.loads(row["body"]), "code": row["code"], **({"note": note} if note else {}),
            }  # fmt: skip
            self._db.execute("DELETE FROM outbox WHERE id = ?", (record_id,))
            self._db.execute(
                "INSERT INTO outbox (id, seq, kind, schema, observed_at, made_day, body, state) "
                "VALUES (?, ?, 'referral', ?, ?, ?, ?, ?)",
                (referral, seq, schema, observed_at, made_day, json.dumps(body, ensure_ascii=False), WAITING),
            )
            self._set_meta("seq", str(seq))

    def ids(self, state: str) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT id FROM outbox WHERE state = ?", (state,))}

    def inbox(self) -> dict[str, dict[str, Any]]:
        rows = self._db.execute("SELECT id, verdict, code, field, message FROM outbox WHERE state = ?", (NEEDS_YOU,))
        return {row["id"]: dict(row) for row in rows}

    def waiting_for_somebody(self) -> set[str]:
        """What came back: only its author sends it again."""
        return self.ids(NEEDS_YOU)

    def unsent(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM outbox WHERE state <> ?", (CONFIRMED,)).fetchone()[0])

    # --- receipts -------------------------------------------------------------------------------------------------

    def confirmed_days(self) -> list[str]:
        rows = self._db.execute("SELECT DISTINCT day FROM outbox WHERE state = ? AND NOT proved", (CONFIRMED,))
        return sorted(row[0] for row in rows)

    def confirmed_on(self, day: str) -> set[str]:
        rows = self._db.execute("SELECT id FROM outbox WHERE state = ? AND day = ? AND NOT proved", (CONFIRMED, day))
        return {row[0] for row in rows}

    def send_again(self, record_ids: Iterable[str]) -> None:
        """What the server does not list waits again, marked: the next verdict on it is the proof."""
        self._db.executemany(
            "UPDATE outbox SET state = ?, not_before = 0, proved = 1 WHERE id = ?",
            [(WAITING, record_id) for record_id in record_ids],
        )

    def days_made(self, *, today: str) -> dict[str, list[str]]:
        """`{day: ids}`: the server's day where it is known, else the phone's own; never a day that is still to come."""
        days: dict[str, list[str]] = {}
        for row in self._db.execute("SELECT id, day, made_day FROM outbox ORDER BY seq"):
            days.setdefault(row["day"] or min(row["made_day"], today), []).append(row["id"])
        return days

    def closing(self, day: str) -> dict[str, Any] | None:
        """The server's last word on `day`."""
        row = self._db.execute("SELECT * FROM closings WHERE day = ?", (day,)).fetchone()
        return dict(row) if row else None

    def closings(self) -> dict[str, dict[str, Any]]:
        return {row["day"]: dict(row) for row in self._db.execute("SELECT * FROM closings")}

    def keep_closing(self, day: str, answer: dict[str, Any]) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO closings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                day, self.history, answer["made"], answer["confirmed"], answer["closed"], answer["statement"],
                answer["signature"], answer["key"],
            ),
        )  # fmt: skip

    # --- read cache -----------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> str:
        return self._meta("cursor")

    @property
    def history(self) -> str:
        """Which past of the server the cache follows; empty before the first download."""
        return self._meta("history")

    @property
    def scope(self) -> list[str]:
        return json.loads(self._meta("scope") or "[]")

    def apply(self, page: dict[str, Any], kinds: frozenset[str]) -> None:
        """One page with its cursor, all or nothing. Kinds and operations of a newer server are passed over."""
        with self.together():
            if page.get("resync"):
                self._db.execute("DELETE FROM cache")
            for change in page["changes"]:
                if change["kind"] not in kinds:
                    continue
                if change["op"] == "put":
                    self._db.execute(
                        "INSERT INTO cache VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data",
                        (change["kind"], change["id"], json.dumps(change["data"], ensure_ascii=False)),
                    )
                elif change["op"] == "delete":
                    self._db.execute("DELETE FROM cache WHERE kind = ? AND id = ?", (change["kind"], change["id"]))
                    if change["kind"] == "conflict":
                        self._settle_edit(change["id"])
            history = str(page["history"])
            if self._meta("history") not in ("", history):
                self._db.execute("UPDATE outbox SET proved = 0 WHERE state = ?", (CONFIRMED,))
            self._set_meta("cursor", page["cursor"])
            self._set_meta("history", history)
            self._set_meta("scope", json.dumps(page["scope"]))

    def _settle_edit(self, record_id: str) -> None:
        """Somebody chose: the edit that came second is done."""
        self._db.execute(
            "UPDATE outbox SET state = ?, verdict = 'duplicate', code = NULL, message = NULL, day = made_day "
            "WHERE id = ? AND state = ? AND code = 'edited_elsewhere'",
            (CONFIRMED, record_id, NEEDS_YOU),
        )

    def forget_cursor(self) -> None:
        self._set_meta("cursor", "")

    def cached(self, kind: str) -> dict[str, dict[str, Any]]:
        rows = self._db.execute("SELECT id, data FROM cache WHERE kind = ?", (kind,))
        return {row["id"]: json.loads(row["data"]) for row in rows}

    def forget(self, kind: str, row_id: str) -> None:
        """One row of the cache that is of no more use."""
        self._db.execute("DELETE FROM cache WHERE kind = ? AND id = ?", (kind, row_id))

    def wipe_cache(self) -> None:
        with self.together():
            self._db.execute("DELETE FROM cache")
            self._db.execute("DELETE FROM meta WHERE key IN ('cursor', 'history', 'scope')")

    # --- what the phone knows of itself ---------------------------------------------------------------------------

    @property
    def skew_seconds(self) -> float:
        """How far the phone's clock was off when it last heard from the server (server − phone)."""
        return float(self._meta("skew") or 0)

    @skew_seconds.setter
    def skew_seconds(self, seconds: float) -> None:
        self._set_meta("skew", str(seconds))

    @property
    def keys(self) -> dict[str, Any]:
        """The answer of `sync/keys/`, kept for the day without network; empty before it was fetched."""
        return json.loads(self._meta("keys") or "{}")

    @keys.setter
    def keys(self, answer: dict[str, Any]) -> None:
        self._set_meta("keys", json.dumps(answer))

    # --- meta -----------------------------------------------------------------------------------------------------

    def _meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _set_meta(self, key: str, value: str) -> None:
        self._db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
        )
