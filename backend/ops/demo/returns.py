"""The demo's returnees (返乡人员): who came, when, from where, and where they stay."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from backend.core import clock
from backend.health.rules import inclusive_term
from backend.ops.demo.people import identity_number, person_name, phone_number, record_id
from backend.policies.selectors import value_of
from backend.residents.choices import Occupancy
from backend.residents.rules import HouseholdInput

_FROM_JILIN = ("2201", "2202", "2206", "2224", "220502")
_FROM_ELSEWHERE = ("河北省石家庄市", "黑龙江省哈尔滨市", "北京市大兴区", "辽宁省沈阳市", "广东省东莞市", "山东省青岛市")
_TRAVEL: tuple[dict[str, str], ...] = (
    {"transport": "train", "transport_number": "G8012"}, {"transport": "coach"}, {"transport": "car"},
    {"transport": "plane", "transport_number": "CZ6113", "via": "沈阳市（转客车）"}, {},
)  # fmt: skip
#: Arrivals begin this many days before the history does; those early ones are registered on its first day.
EARLY_DAYS = 5
LEAVERS = 12


@dataclass(frozen=True, repr=False)
class Return:
    """One returnee. `registered_at` is when a worker writes him down; `left_on` is set for who leaves again."""

    item_id: uuid.UUID
    person_id: uuid.UUID
    cell: str
    registered_at: dt.datetime
    arrived_on: dt.date
    last_day: dt.date
    left_on: dt.date | None
    body: dict[str, Any]

    @property
    def last_check_day(self) -> dt.date:
        """The last day on which somebody comes to measure."""
        return self.last_day if self.left_on is None else min(self.last_day, self.left_on - dt.timedelta(days=1))


def returns(
    *, households: Mapping[str, Sequence[HouseholdInput]], count: int, first: dt.date, today: dt.date, chance: Random
) -> list[Return]:
    """`count` returnees spread over the cells, registered between `first` and yesterday."""
    cells = sorted(households)
    made = []
    for serial in range(count):
        cell = cells[serial % len(cells)]
        arrived_on = first - dt.timedelta(days=EARLY_DAYS) + dt.timedelta(
            days=chance.randrange((today - first).days + EARLY_DAYS)
        )  # fmt: skip
        registered_on = min(max(first, arrived_on + dt.timedelta(days=chance.randrange(3))), today - _DAY)
        registered_at = clock.at(registered_on, dt.time(9 + chance.randrange(2), chance.randrange(60)))
        days = int(value_of("monitoring.returnee.days", region_code=cell, on=arrived_on).value)
        _, last_day = inclusive_term(arrived_on, days)
        left_on = registered_on + dt.timedelta(days=4) if serial < LEAVERS else None
        if left_on is not None and left_on >= min(today, last_day):
            left_on = None
        person_id = record_id(chance, registered_at)
        made.append(
            Return(
                item_id=record_id(chance, registered_at), person_id=person_id, cell=cell, registered_at=registered_at,
                arrived_on=arrived_on, last_day=last_day, left_on=left_on,
                body=_body(
                    person_id=person_id, cell=cell, arrived_on=arrived_on, serial=serial, households=households[cell],
                    chance=chance,
                ),
            )
        )  # fmt: skip
    return made


_DAY = dt.timedelta(days=1)


def _body(
    *,
    person_id: uuid.UUID,
    cell: str,
    arrived_on: dt.date,
    serial: int,
    households: Sequence[HouseholdInput],
    chance: Random,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "person": str(person_id), "name": person_name(chance), "phone": phone_number(chance),
        "document_type": "id_card", "document_number": identity_number(chance, serial=serial),
        "arrived_on": arrived_on.isoformat(), "region": cell, **chance.choice(_TRAVEL),
    }  # fmt: skip
    if chance.random() < 0.4:
        body["origin"] = chance.choice(_FROM_JILIN)
    else:
        body["origin_text"] = chance.choice(_FROM_ELSEWHERE)
    lived_in = [h for h in households if h.occupancy == Occupancy.OCCUPIED]
    if chance.random() < 0.88:
        body["household"] = str(chance.choice(lived_in).id)
    else:
        body["address"] = f"{lived_in[0].address}临时住处"
    return body
