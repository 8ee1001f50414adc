"""The simulated week from its first morning to the cut-offs of its last day. See docs/simulate.md."""

import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from django.db import connections

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.accounts.services.duties import duty_grant
from backend.core import clock
from backend.ops.simulate.timeline import DayClock
from backend.ops.simulate.week.books import Books
from backend.ops.simulate.week.breaking import broken
from backend.ops.simulate.week.control import Control
from backend.ops.simulate.week.office import Courier, Reader
from backend.ops.simulate.week.phone import Phone, Site
from backend.ops.simulate.week.plan import BURSTS, DAWN, HOURS, RESTORED_AFTER, Fault, Plan
from backend.ops.simulate.week.truth import WeekTruth
from backend.ops.simulate.week.verify import Figures, Ledger, alerts, ledger
from backend.ops.simulate.world import PROVINCE, World, world_make
from backend.ops.travel import clock_move_to
from backend.reports.cutoffs import closings

#: A level closes a few seconds after its cut-off.
_JUST_AFTER = dt.timedelta(seconds=8)
_AT_LAST = dt.time(12, 30)


@dataclass
class Outcome:
    """What the week came to. Empty `differences` means that server, phones and truth agree in everything."""

    plan: Plan
    books: Books
    ledger: Ledger
    figures: Figures
    days_closed: int = 0
    days_made: int = 0
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Week:
    """Phones, offices, clock and truth of one run."""

    def __init__(
        self, *, plan: Plan, world: World, url: str, control: Control, folder: Path, progress: Callable[[str], None]
    ) -> None:
        self.plan, self.world, self.control, self.folder, self.progress = plan, world, control, folder, progress
        self.clock = DayClock()
        self.truth = WeekTruth({cell.code: len(cell.households) for cell in world.cells})
        self.books = Books(self.truth, self.clock)
        self.chance = Random(plan.seed)  # noqa: S311
        self.couriers = {
            office.region: Courier(url, office.username, world.password, self.books)
            for office in world.offices
            if len(office.region) == 9
        }
        folder.joinpath("phones").mkdir()
        site = Site(
            url, folder / "phones", world.password, tuple(cell.username for cell in world.cells if cell.username),
            len(plan.phones), self.books, lambda cell: self.couriers[cell[:9]],
        )  # fmt: skip
        self.phones = [Phone(each, site, Random(self.chance.random())) for each in plan.phones]  # noqa: S311
        province = next(office.username for office in world.offices if office.region == PROVINCE)
        self.reader = Reader(url, province, world.password)
        self.figures = Figures(self.reader, self.truth)
        self.backup_at: dt.datetime | None = None

    # --- the course of the week -----------------------------------------------------------------------------------

    def run(self) -> Outcome:
        self._travel(self._at(0, DAWN))
        self._all(Phone.begin)
        self.progress(f"{len(self.phones)} 部手机已登录并取数")
        for day in range(self.plan.days):
            self._day(day)
        self._last_morning()
        held = ledger(self.books)
        made, closed = self._closed_days()
        self._all(Phone.end)
        self.reader.close()
        for courier in self.couriers.values():
            courier.close()
        differences = [*self.books.differences, *held.differences, *alerts(self.truth)]
        return Outcome(self.plan, self.books, held, self.figures, closed, made, differences)

    def _day(self, day: int) -> None:
        if day:
            self._travel(self._at(day, DAWN))
            self._slots(day, first=0, count=1)
            self._cut_offs(day - 1)
        for hour, wall_time in enumerate(HOURS):
            self._travel(self._at(day, wall_time))
            fault = self.plan.breaks.get((day, hour))
            with broken(fault, control=self.control, books=self.books, chance=self.chance):
                self._slots(day, first=1 + hour * BURSTS, count=BURSTS, hour=hour)
            # Connections of this process did not outlive a database that was killed.
            connections.close_all()
            if (day, hour) == (self.plan.restore_day, RESTORED_AFTER):
                self._restore()
        if day + 1 == self.plan.restore_day:
            self.backup_at = self.clock.now()
            self.control.backup(str(self._backup))
        self.progress(
            f"{self._at(day, HOURS[-1]):%d日}  记录 {len(self.truth.made):,}，已确认 {len(self.books.confirmed):,}"
        )

    def _slots(self, day: int, *, first: int, count: int, hour: int | None = None) -> None:
        """All phones live through their slots, each at its own pace; the clock stands until the last is through."""
        doors = 0 if hour is None else max(1, self.plan.visits // (len(HOURS) * BURSTS))

        def live(phone: Phone) -> None:
            half = doors // 2 if phone.plan.index >= self.plan.workers else doors - doors // 2
            for slot in range(first, first + count):
                phone.slot(
                    up=phone.plan.up(day, slot), day=day, visits=half if phone.plan.shared else doors,
                    opening=slot == 1, closing=slot in (0, len(HOURS) * BURSTS),
                    may_clear=hour is not None and self.plan.may_clear(day, hour),
                )  # fmt: skip

        self._all(live)

    def _cut_offs(self, day: int) -> None:
        """The six cut-offs of a day, in the morning after it; then every unit's report is held against the truth."""
        self.control.tend()
        date = self.world.day + dt.timedelta(days=day)
        moments = [closing.at for closing in closings(PROVINCE, date)]
        for moment in moments:
            self._travel(moment + _JUST_AFTER)
        for line in self.figures.until_right(self.world.regions, date, moments[-1]):
            self.books.differs(f"截止时 {line}")

    def _restore(self) -> None:
        """The server of yesterday evening, with today's clock."""
        assert self.backup_at is not None
        self.control.stop_services()
        connections.close_all()
        self.control.restore(str(self._backup))
        self.books.restored(self.backup_at)
        self._travel(self.clock.now())
        self.control.start_services()
        self.books.happened(Fault.RESTORED)
        self.progress(f"服务器恢复到昨晚的备份，{self.books.forgotten:,} 条记录待手机补传")

    def _last_morning(self) -> None:
        """Everybody has network; the last day closes; corrections come on the books."""
        last = self.plan.days
        self._travel(self._at(last, DAWN))
        self._all(Phone.finish)
        self._all(Phone.finish)
        self._cut_offs(last - 1)
        self._travel(self._at(last, _AT_LAST))
        for day in range(last):
            date = self.world.day + dt.timedelta(days=day)
            for line in self.figures.until_right(self.world.regions, date, self.clock.now()):
                self.books.differs(f"最终 {line}")

    def _closed_days(self) -> tuple[int, int]:
        """`(days with records, days closed)` over all phones; a day with a record that came back stays open."""
        made = closed = 0
        for phone in self.phones:
            days, shut, unsent, open_for_nothing = phone.do(phone.tally).result()
            made, closed = made + days, closed + shut
            if unsent or open_for_nothing:
                self.books.differs(f"{phone.username}: {unsent} unsent, {open_for_nothing} days open without reason")
        return made, closed

    # --- time and threads -----------------------------------------------------------------------------------------

    @property
    def _backup(self) -> Path:
        return self.folder / "yesterday.backup"

    def _at(self, day: int, wall_time: dt.time) -> dt.datetime:
        return clock.at(self.world.day + dt.timedelta(days=day), wall_time)

    def _travel(self, moment: dt.datetime) -> None:
        clock_move_to(moment=moment)
        self.clock.offset = dt.timedelta(seconds=clock.offset_seconds())

    def _all(self, work: Callable[[Phone], Any]) -> None:
        """`work` with every phone at once, each in its own thread; raises what the first raised."""
        pending = [phone.do(work, phone) for phone in self.phones]
        wait(pending)
        for each in pending:
            each.result()


def week_play(*, plan: Plan, url: str, control: Control, folder: Path, progress: Callable[[str], None]) -> Outcome:
    """Make the place in this (empty) database and play the week against the stack at `url`."""
    started = time.monotonic()
    chance = Random(plan.seed)  # noqa: S311 - invented data
    today = clock.today()
    moved_on = today + dt.timedelta(days=plan.move_day)
    until = {worker: moved_on - dt.timedelta(days=1) for worker in plan.movers or ()}
    world = world_make(
        phones=plan.workers, chance=chance, folder=folder, day=today, households=plan.households, until=until
    )
    if plan.movers:
        _change_places(world, plan.movers, moved_on)
    progress(
        f"{len(world.cells)} 个网格，{sum(len(cell.households) for cell in world.cells):,} 户，{plan.workers} 名网格员"
    )
    week = Week(plan=plan, world=world, url=url, control=control, folder=folder, progress=progress)
    week.books.faults[Fault.TWO_PHONES] = len(plan.phones) - plan.workers
    week.books.faults[Fault.MOVED] = len(plan.movers or ())
    try:
        outcome = week.run()
    finally:
        for phone in week.phones:
            phone.stop()
    outcome.seconds = time.monotonic() - started
    return outcome


def _change_places(world: World, movers: tuple[int, int], day: dt.date) -> None:
    """From `day` each of the two serves where the other served."""
    for worker, other in (movers, movers[::-1]):
        duty_grant(
            actor=None, user=User.objects.get(username=world.cells[worker].username), role=Role.GRID_WORKER,
            region=world.cells[other].code, valid_from=day,
        )  # fmt: skip
