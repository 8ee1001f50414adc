"""What the seed decides before anything happens: networks, clocks, who moves, what breaks when. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

#: Hours of a day at which workers walk; in each, some doors, a look at the phone, some doors, …
HOURS = (dt.time(11, 30), dt.time(14, 30), dt.time(17), dt.time(20))
BURSTS = 5
#: Before the first cut-off: phones with network upload what lay on them over night.
DAWN = dt.time(6, 40)
#: Slots of a day: dawn, then the bursts of all hours.
SLOTS = 1 + len(HOURS) * BURSTS
#: A restored server comes back after this hour of its day.
RESTORED_AFTER = 1
#: Mean length of a stretch with and without network, in slots: 30 % of the time it is there.
_STRETCH_UP, _STRETCH_DOWN = 3, 7
_SKEWS = tuple(dt.timedelta(seconds=seconds) for seconds in (0, 3 * 86_400, -3 * 86_400, 90, 0, -5 * 3_600))
#: Every fifth worker has a second phone.
_SECOND_EVERY = 5


class Fault(StrEnum):
    """Everything that is broken on purpose; the value is the name in the report."""

    KILLED_BEFORE = "server_killed_before_commit"
    KILLED_DURING = "server_killed_during_commit"
    KILLED_AFTER = "server_killed_after_commit"
    POSTGRES_KILLED = "postgres_killed"
    POSTGRES_STOPPED = "postgres_stopped"
    REDIS_STOPPED = "redis_stopped"
    RESTORED = "restored_from_backup"
    ANSWER_LOST = "answer_lost_after_commit"
    CUT = "upload_cut_off"
    FIVE_COPIES = "five_copies_at_once"
    PORTAL = "captive_portal"
    SESSION_ENDED = "session_ended_mid_sync"
    STUMBLED = "server_stumbles_over_item"
    POISON = "poisonous_item"
    CLOCK_MOVED = "phone_clock_moved"
    CARRIED = "carried_by_hand"
    CLEARED = "storage_cleared"
    RESTARTED = "app_restarted"
    TWO_PHONES = "two_phones_of_one_user"
    MOVED = "moved_to_another_cell_offline"


#: What the director does to the server, once an hour at most.
OF_THE_SERVER = (
    Fault.KILLED_BEFORE, Fault.KILLED_DURING, Fault.KILLED_AFTER, Fault.POSTGRES_KILLED, Fault.POSTGRES_STOPPED,
    Fault.REDIS_STOPPED,
)  # fmt: skip
#: What may befall a phone in a slot with network, and in one without.
ONLINE = (
    Fault.ANSWER_LOST, Fault.CUT, Fault.FIVE_COPIES, Fault.PORTAL, Fault.SESSION_ENDED, Fault.STUMBLED, Fault.POISON,
    Fault.CLOCK_MOVED, Fault.CLEARED, Fault.RESTARTED,
)  # fmt: skip
OFFLINE = (Fault.CARRIED, Fault.CLOCK_MOVED, Fault.POISON, Fault.RESTARTED)


@dataclass(frozen=True, slots=True)
class PhonePlan:
    """One phone: its worker (by number, from 0), how far its clock is off at first, and when it has network."""

    index: int
    worker: int
    skew: dt.timedelta
    network: tuple[bool, ...]
    #: Visits of a slot are shared with the worker's other phone.
    shared: bool = False
    #: Its clock may be moved. Not that of a worker who changes cells: by a wrong day his records would not be his.
    clock_moves: bool = True

    def up(self, day: int, slot: int) -> bool:
        return self.network[day * SLOTS + slot]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole week. Days count from 0; `movers` change places on `move_day`, None where there are too few."""

    seed: int
    workers: int
    days: int
    visits: int
    phones: tuple[PhonePlan, ...]
    breaks: Mapping[tuple[int, int], Fault]
    restore_day: int | None
    movers: tuple[int, int] | None
    move_day: int

    @property
    def households(self) -> int:
        """Doors of a cell: so many that every fever of the week has a door of its own."""
        return max(self.visits // 2, len(self.phones) * self.days)

    def may_clear(self, day: int, hour: int) -> bool:
        """Not between a backup and its restoration: what such a phone held, nobody would hold any more."""
        return day != self.restore_day or hour > RESTORED_AFTER


def plan_make(*, workers: int, days: int, visits: int, seed: int) -> Plan:
    """The plan of `seed`. A backup is restored where there is a second day."""
    chance = Random(seed)  # noqa: S311 - invented data
    owners = [*range(workers), *range(_SECOND_EVERY - 1, workers, _SECOND_EVERY)]
    movers = (0, 1) if workers > 1 and days > 1 else None
    move_day = chance.randrange(1, days) if days > 1 else 0
    phones = []
    for index, worker in enumerate(owners):
        moves = worker in (movers or ())
        network = _network(chance, days, move_day if moves else None)
        skew = _SKEWS[index % len(_SKEWS)]
        phones.append(PhonePlan(index, worker, skew, network, owners.count(worker) > 1, not moves))
    return Plan(
        seed=seed, workers=workers, days=days, visits=visits, phones=tuple(phones), breaks=_breaks(chance, days),
        restore_day=chance.randrange(1, days) if days > 1 else None, movers=movers, move_day=move_day,
    )  # fmt: skip


def stretches(chance: Random, count: int) -> list[bool]:
    """Network over `count` slots, there 30 % of the time, in stretches."""
    up = chance.random() < _STRETCH_UP / (_STRETCH_UP + _STRETCH_DOWN)
    found = []
    for _ in range(count):
        found.append(up)
        if chance.random() < 1 / (_STRETCH_UP if up else _STRETCH_DOWN):
            up = not up
    return found


def _network(chance: Random, days: int, move_day: int | None) -> tuple[bool, ...]:
    """Who moves does so without network: with a day's work on the phone, and the news of it waiting."""
    found = stretches(chance, days * SLOTS)
    if move_day is not None:
        first = move_day * SLOTS
        found[first - 2 * BURSTS : first + 2] = [False] * (2 * BURSTS + 1) + [True]
    return tuple(found)


def _breaks(chance: Random, days: int) -> dict[tuple[int, int], Fault]:
    """Every fault of the server once at least where there are hours enough, and some by chance, over random hours."""
    hours = [(day, hour) for day in range(days) for hour in range(len(HOURS))]
    chance.shuffle(hours)
    deck = [*chance.sample(OF_THE_SERVER, len(OF_THE_SERVER)), *chance.choices(OF_THE_SERVER, k=days)]
    return dict(zip(hours[: max(1, 2 * len(hours) // 3)], deck, strict=False))
