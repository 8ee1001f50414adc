"""Returnees follow the people they are (移交): when a person is another cell's, so are his return, terms and code."""

from django.db import connection, transaction

from backend.core import clock
from backend.core.ids import new_id
from backend.core.models import Tombstone
from backend.facts.services import cells_touch
from backend.health.services import codes_follow, monitorings_follow
from backend.returnees.choices import ReturneeState
from backend.returnees.models import Returnee

_FOLLOW = """
UPDATE returnees_returnee r SET state = 'moved', left_on = %(today)s, left_received_at = %(now)s
FROM residents_person p
WHERE p.id = r.person_id AND r.state = 'present' AND p.region_code <> r.region_code
RETURNING r.id, r.region_code, p.region_code
"""


@transaction.atomic
def returnees_follow() -> int:
    """Hand returnees, their terms and codes over to the cell now responsible for the person (移交). Returns how many.

    Moving a household or a person needs no call: the difference of cells is itself the work to be done, and the tick
    does it.
    """
    now, today = clock.now(), clock.today()
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, {"now": now, "today": today})
        moved = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    if moved:
        rows = list(Returnee.objects.filter(pk__in=moved))
        Tombstone.objects.bulk_create(
            [Tombstone(kind="returnee", object_id=str(row.pk), region_code=row.region_code) for row in rows]
        )
        for row in rows:
            row.continues_id, row.pk, row.region_code = row.pk, new_id(), moved[row.pk][1]
            row.state, row.left_on, row.left_received_at = ReturneeState.PRESENT.value, None, None
            row.registered_day, row.received_at = today, now
        Returnee.objects.bulk_create(rows)
        cells_touch(touched=[(today, cell) for pair in moved.values() for cell in pair])
    monitorings_follow()
    codes_follow()
    return len(moved)
