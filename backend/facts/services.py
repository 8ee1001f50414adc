"""Writes that every kind of fact shares."""

import datetime as dt
from collections.abc import Iterable

import msgspec

from backend.core import clock
from backend.core.sql import execute

_TOUCH = """
INSERT INTO facts_touchedcell (business_day, region_code, touched_at)
SELECT d, r, %s FROM json_to_recordset(%s::json) AS t(d date, r text)
ON CONFLICT (business_day, region_code) DO UPDATE SET touched_at = EXCLUDED.touched_at
"""


def cells_touch(*, touched: Iterable[tuple[dt.date, str]]) -> None:
    """Note that facts arrived in these `(business day, cell)` pairs, so that the roll-up counts them again. One query.

    The pairs are written in order, so that two uploads touching the same cells cannot wait for each other in a ring.
    """
    pairs = sorted(set(touched))
    if not pairs:
        return
    cells = msgspec.json.encode([{"d": day, "r": code} for day, code in pairs])
    execute(_TOUCH, [clock.now(), cells.decode()])
