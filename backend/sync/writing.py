"""How PostgreSQL writes a row as a JSON object: as text, each value in the cheapest way that is right for it.

`row_to_json` asks for each value of each row again of what type it is; of a page of visits it takes a third longer than
this, and `json_build_object` three times as long.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Value(NamedTuple):
    """A name and the SQL of its value as text; `quoted` where the quotes are still to be put around it."""

    name: str
    sql: str
    quoted: bool = False


def plain(name: str, sql: str) -> Value:
    """Text that is never null and has nothing to escape: ids, codes, words of our own lists."""
    return Value(name, sql, quoted=True)


def bare(name: str, sql: str) -> Value:
    """A number or a truth value, never null."""
    return Value(name, f"({sql})")


def number_or_null(name: str, sql: str) -> Value:
    return Value(name, f"coalesce(({sql})::text, 'null')")


def any_value(name: str, sql: str) -> Value:
    """What somebody typed, times, lists, nulls."""
    return Value(name, f"coalesce(to_json({sql})::text, 'null')")


def json_object(values: Sequence[Value]) -> str:
    """The SQL of one object, as text."""
    parts, before = [], "{"
    for value in values:
        quote = '"' if value.quoted else ""
        parts.append(f"""'{before}"{value.name}":{quote}' || {value.sql}""")
        before = f"{quote},"
    return f"{' || '.join(parts)} || '{before.removesuffix(',')}}}'"
