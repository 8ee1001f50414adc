"""Writing divisions into the tree, set-based.

Codes that a file leaves out stay: a division is closed by a dated decision, not by a shorter file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db import connection, transaction

from backend.regions.choices import Level
from backend.regions.divisions.codes import level_of
from backend.regions.divisions.judge import Known, Placed
from backend.regions.models import Region

#: Rows per transaction: well under a second, so that no phone's pull waits for an import.
CHUNK = 5_000


@dataclass(slots=True)
class Written:
    created: int = 0
    changed: int = 0
    unchanged: int = 0


def known_divisions() -> dict[str, Known]:
    """The divisions of the tree above the village, by code: all that a line may have as its parent."""
    rows = Region.objects.exclude(level__in=[Level.VILLAGE, Level.GRID]).values_list("code", "name", "placeholder")
    return {code: Known(name, placeholder) for code, name, placeholder in rows.iterator(chunk_size=10_000)}


def divisions_write(placed: Sequence[Placed]) -> Iterator[Written]:
    """Insert or update `placed`, parents first; yields what each committed chunk did. Rows that fit already stay."""
    remaining = iter(placed)
    while chunk := list(islice(remaining, CHUNK)):
        with transaction.atomic():
            yield _write_chunk(chunk)


def parents_mend() -> int:
    """Point every division at its nearest real ancestor again, after a level turned pseudo or real.

    Returns the number of divisions that changed hands.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH expected AS (
                SELECT r.code, COALESCE(t.code, c.code, f.code, p.code) AS parent
                FROM regions_region r
                LEFT JOIN regions_region t ON t.code = left(r.code, 9) AND length(r.code) > 9 AND NOT t.placeholder
                LEFT JOIN regions_region c ON c.code = left(r.code, 6) AND length(r.code) > 6 AND NOT c.placeholder
                LEFT JOIN regions_region f ON f.code = left(r.code, 4) AND length(r.code) > 4 AND NOT f.placeholder
                LEFT JOIN regions_region p ON p.code = left(r.code, 2) AND length(r.code) > 2
                WHERE r.level <> %s
            )
            UPDATE regions_region r SET parent_code = e.parent
            FROM expected e WHERE e.code = r.code AND r.parent_code IS DISTINCT FROM e.parent
            """,
            [Level.GRID],
        )
        return cursor.rowcount


def _write_chunk(chunk: list[Placed]) -> Written:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO regions_region AS r
                (code, name, level, parent_code, placeholder, kind, buildings, leader_name)
            SELECT code, name, level, parent_code, placeholder, '', '', ''
            FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bool[])
                AS t(code, name, level, parent_code, placeholder)
            ON CONFLICT (code) DO UPDATE
                SET name = EXCLUDED.name, parent_code = EXCLUDED.parent_code, placeholder = EXCLUDED.placeholder
                WHERE (r.name, r.parent_code, r.placeholder)
                    IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.parent_code, EXCLUDED.placeholder)
            RETURNING (xmax = 0)
            """,
            [
                [p.code for p in chunk],
                [p.name for p in chunk],
                [level_of(p.code).value for p in chunk],
                [p.parent_code for p in chunk],
                [p.placeholder for p in chunk],
            ],
        )
        fresh = [row[0] for row in cursor.fetchall()]
    created = sum(fresh)
    return Written(created=created, changed=len(fresh) - created, unchanged=len(chunk) - len(fresh))
