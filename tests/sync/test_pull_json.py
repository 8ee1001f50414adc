"""What PostgreSQL writes as text is the JSON that `row_to_json` would write, whatever somebody typed."""

import json
import re
from typing import Any

import pytest
from django.db import connection

from backend.sync.sources import PULL_SOURCES, PullSource
from backend.sync.writing import json_object

pytestmark = pytest.mark.django_db
WRITTEN = [source for source in PULL_SOURCES if not isinstance(source.data, str)]
#: As long as the shortest column.
NASTY = '"\\\x1f前'
OF_TYPE: dict[str, Any] = {
    "uuid": "0198f9c2-1111-7222-8333-444455556666", "varchar": NASTY, "text": NASTY, "_varchar": ["a", NASTY, "\n🙂"],
    "int2": -3, "int4": 7, "int8": 2**40, "bool": True, "date": "2026-11-22", "numeric": 38.6,
    "timestamptz": "2026-11-22T08:10:00.123456+08:00", "jsonb": {}, "bytea": "\\x00",
}  # fmt: skip


def columns_of(source: PullSource) -> dict[str, tuple[str, bool]]:
    """Type, and whether it may be null, of each column."""
    with connection.cursor() as db:
        db.execute(
            "SELECT a.attname, t.typname, NOT a.attnotnull FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
            "WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped",
            [source.table],
        )
        return {name: (kind, nullable) for name, kind, nullable in db.fetchall()}


def column_of(sql: str) -> str:
    """The column that a value is, "" for what is made of one."""
    found = re.fullmatch(r"\(?t\.(\w+)\)?", sql)
    return found[1] if found else ""


@pytest.mark.parametrize("nulls", [False, True], ids=["all said", "nothing said"])
@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source.kind)
def test_a_row_is_written_as_row_to_json_writes_it(source: PullSource, nulls: bool) -> None:
    assert not isinstance(source.data, str)
    words = {column_of(value.sql) for value in source.data if value.quoted}
    row = {
        name: None if nulls and nullable else "word" if name in words and kind in ("varchar", "text") else OF_TYPE[kind]
        for name, (kind, nullable) in columns_of(source).items()
    }
    asked = {
        value.name: re.sub(r"^coalesce\((?:to_json)?\((.*)\)::text, 'null'\)$", r"\1", value.sql)
        for value in source.data
    }
    plainly = ", ".join(f'{sql} AS "{name}"' for name, sql in asked.items())
    with connection.cursor() as db:
        db.execute(
            f"SELECT {json_object(source.data)}, (SELECT row_to_json(d) FROM (SELECT {plainly}) d)::text "
            f"FROM jsonb_populate_record(NULL::{source.table}, %(row)s::jsonb) t",
            {"row": json.dumps(row), "user": 1},
        )
        mine, theirs = db.fetchone()
    assert mine == theirs


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source.kind)
def test_what_is_written_without_a_thought_of_null_is_never_null(source: PullSource) -> None:
    """One null would make the whole change disappear."""
    assert not isinstance(source.data, str)
    columns = columns_of(source)
    for value in source.data:
        name = column_of(value.sql)
        assert not name or not columns[name][1], value.name
