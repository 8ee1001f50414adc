"""The simulated day from its first hour to its last cut-off. See docs/simulate.md."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from django.conf import settings

from backend.core import clock
from backend.health.services import checks_missed_evaluate
from backend.ops.simulate import verify
from backend.ops.simulate.office import Desk
from backend.ops.simulate.phone import Books, Phone
from backend.ops.simulate.privacy import BrokerTap, log_texts, scan
from backend.ops.simulate.script import Script, scripts
from backend.ops.simulate.sockets import Listener
from backend.ops.simulate.timeline import DayClock, Hour, Step, hour_at, steps
from backend.ops.simulate.truth import Concern, Fact, Truth
from backend.ops.simulate.wire import Traffic, Wire
from backend.ops.simulate.world import PROVINCE, Office, World, world_make
from backend.ops.travel import clock_move_to
from backend.policies.selectors import value_of
from backend.regions.choices import LENGTH_OF

App = Phone | Desk
#: Phones begin an hour within this many seconds of each other, for each phone there is.
_SPREAD = 0.04
_SEVERITY = {"fever": "urgent", "symptoms": "warning", "check_missed": "warning"}


@dataclass
class Outcome:
    """What the day came to. Empty `differences` means that server and truth agree in everything."""

    phones: int
    books: Books
    traffic: Traffic
    truth: Truth
    made: int = 0
    latencies: list[float] = field(default_factory=list)
    events_heard: int = 0
    sockets: int = 0
    scanned: int = 0
    closed: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Day:
    """Phones, desks, clock and truth of one run."""

    def __init__(self, *, world: World, url: str, chance: Random, progress: Callable[[str], None]) -> None:
        self.world, self.url, self.progress = world, url, progress
        self.clock = DayClock()
        self.traffic, self.books, self.frames = Traffic(), Books(), set[str]()
        self.steps = steps(province=PROVINCE, day=world.day)
        self.scripts = scripts(world, chance)
        hours = value_of("alert.acknowledge.hours", region_code=PROVINCE, on=world.day).value
        self.truth = Truth(
            world.day,
            {cell.code: len(cell.households) for cell in world.cells},
            {rule: float(hours[severity]) for rule, severity in _SEVERITY.items()},
        )
        self.phones = [self._phone(script, Random(chance.random())) for script in self.scripts]  # noqa: S311
        self.desks = [self._desk(office) for office in world.offices]
        self.applied: set[int] = set()
        self.stored: dict[str, set[str]] = {"visit": set(), "check": set(), "returnee": set(), "household": set()}
        self.by_cell: dict[str, dict[str, set[str]]] = {
            cell.code: {"visit": set(), "check": set(), "returnee": set(),
                        "household": {str(h.id) for h in cell.households}}
            for cell in world.cells
        }  # fmt: skip
        self.differences: list[str] = []
        self.closed: list[str] = []

    @property
    def apps(self) -> list[App]:
        return [*self.phones, *self.desks]

    @property
    def province(self) -> Wire:
        return next(desk.wire for desk in self.desks if desk.office.region == PROVINCE)

    def _phone(self, script: Script, chance: Random) -> Phone:
        wire = Wire(self.url, self.traffic, chance)
        listener = Listener(wire, self.frames)
        return Phone(script, wire, listener=listener, books=self.books, clock=self.clock, chance=chance)

    def _desk(self, office: Office) -> Desk:
        wire = Wire(self.url, self.traffic)
        return Desk(office, wire, Listener(wire, self.frames))

    # --- the course of the day ------------------------------------------------------------------------------------

    async def run(self) -> None:
        await self._travel(hour_at(Hour.MORNING, self.world.day))
        await self._sign_in()
        for step in self.steps:
            await self._travel(step.at)
            if step.hour is not None:
                await self._work(step.hour, step.at)
            elif step.level is not None:
                await self._close(step)
            else:
                await self._sweep(step.at)
            self.progress(f"{step.at:%d日 %H:%M}  {step.title}")
        await self._end()

    async def _travel(self, moment: dt.datetime) -> None:
        await asyncio.to_thread(clock_move_to, moment=moment)
        self.clock.set(moment)
        await asyncio.to_thread(self._synchronise)

    def _synchronise(self) -> None:
        self.clock.offset = dt.timedelta(seconds=clock.offset_seconds())

    async def _sign_in(self) -> None:
        gate = asyncio.Semaphore(16)

        async def one(app: App) -> None:
            async with gate:
                await app.sign_in(self.world.password)

        started = time.monotonic()
        await asyncio.gather(*(one(app) for app in self.apps))
        await asyncio.gather(*(desk.listener.open() for desk in self.desks))
        self.progress(f"登录 {len(self.apps)} 人，{time.monotonic() - started:.0f} 秒")

    async def _work(self, hour: Hour, at: dt.datetime) -> None:
        spread = _SPREAD * len(self.phones)

        async def one(phone: Phone) -> None:
            await asyncio.sleep(phone.chance.uniform(0, spread))
            await phone.hour(hour)

        await asyncio.gather(*(one(phone) for phone in self.phones))
        for phone in self.phones:
            if hour in phone.script.habit.value:
                self._apply(phone.script, hour, at)
        for desk in self.desks:
            await desk.act(hour, self.truth, at)

    def _apply(self, script: Script, hour: Hour, at: dt.datetime) -> None:
        """Everything on the phone up to this hour is on the server now: let the truth know."""
        cell = script.cell.code
        for record in script.records:
            effect = record.effect
            if record.hour > hour or effect is None or id(record) in self.applied:
                continue
            self.applied.add(id(record))
            self.stored[effect.kind].add(record.id)
            self.by_cell[cell][effect.kind].add(str(effect.subject) if effect.kind == "household" else record.id)
            self.truth.add(
                Fact(effect.kind, cell, effect.subject, at, effect.outcome, effect.session, effect.fever,
                     effect.symptoms, effect.doubtful)
            )  # fmt: skip
            rule = "fever" if effect.fever else "symptoms" if effect.symptoms else ""
            if rule:
                hours = self.truth.hours[rule]
                self.truth.concern(Concern(rule, cell, effect.place, effect.subject, at, hours, item=record.id))

    async def _sweep(self, at: dt.datetime) -> None:
        """The schedule does this too, once a minute; what it does twice is done once."""
        await asyncio.to_thread(checks_missed_evaluate, day=self.world.day)
        places = {
            r.effect.subject: r.effect.place
            for script in self.scripts
            for r in script.records
            if r.effect is not None and r.effect.kind == "returnee"
        }
        self.truth.missed("evening", places, at)

    async def _close(self, step: Step) -> None:
        assert step.level is not None
        assert step.as_of is not None
        length = LENGTH_OF[step.level]
        units = [code for code in self.world.regions if len(code) == length]
        started = time.monotonic()
        found = await verify.until_right(self.province, self.truth, units, step.as_of)
        self.differences += [f"{step.title}: {line}" for line in found]
        self.closed.append(f"{step.level.label} {len(units)} 个单位，{time.monotonic() - started:.1f} 秒")

    # --- the end --------------------------------------------------------------------------------------------------

    async def _end(self) -> None:
        """Corrections are on the books; everybody has network once more; everything is held against the truth."""
        found = await verify.until_right(self.province, self.truth, self.world.regions, self.clock.now())
        self.differences += [f"最终: {line}" for line in found]
        for indicator, ids in (("fever", self._ids(fever=True)), ("symptoms", self._ids(fever=False))):
            wrong, walked = await verify.walk_down(self.province, self.truth, PROVINCE, indicator)
            self.differences += wrong
            if walked != ids:
                self.differences.append(f"{indicator}: walked down to {len(walked)} records, truth {len(ids)}")
        await asyncio.gather(*(phone.listener.open() for phone in self.phones))
        await asyncio.gather(*(phone.pull() for phone in self.phones))
        await asyncio.sleep(2)
        days = [self.world.day, self.world.day + dt.timedelta(days=1)]
        for phone in self.phones:
            wanted = {r.id for r in phone.script.records if r.effect is not None}
            self.differences += await verify.receipts(phone, days, wanted)
        await asyncio.to_thread(self._hold_against_database)
        for app in self.apps:
            await app.listener.drop()
            await app.wire.close()

    def _ids(self, *, fever: bool) -> set[str]:
        return {
            r.id
            for script in self.scripts
            for r in script.records
            if r.effect is not None and (r.effect.fever if fever else r.effect.symptoms) > 0
        }

    def _hold_against_database(self) -> None:
        roster = sum(len(cell.households) for cell in self.world.cells) + len(self.stored["household"])
        self.differences += verify.ledger(self.stored) + verify.households(roster) + verify.alerts(self.truth)
        twice = [item for item, count in self.books.created.items() if count > 1]
        self.differences += [f"{len(twice)} records were said to be created twice"] if twice else []
        for phone in self.phones:
            name, cell = phone.script.cell.username, phone.script.cell.code
            self.differences += verify.heard(phone.listener, cell, name)
            self.differences += verify.pulled(phone, self.by_cell[cell], phone.script.secrets)
        for desk in self.desks:
            self.differences += verify.heard(desk.listener, desk.office.region, desk.office.username)

    def latencies(self) -> list[float]:
        """Seconds from the posting of a record to its alert, on every socket that was open."""
        posted = {c.key: self.books.posted[c.item] for c in self.truth.concerns if c.item in self.books.posted}
        found = []
        for app in self.apps:
            for arrival in app.listener.arrivals:
                key = (arrival.event.rule, arrival.event.region, arrival.event.place)
                if arrival.live and arrival.event.type == "raised" and key in posted:
                    found.append(arrival.at - posted[key])
        return found


def day_play(*, phones: int, seed: int, url: str, folder: Path, progress: Callable[[str], None]) -> Outcome:
    """Make the world in this (empty) database and play the day against the stack at `url`."""
    started = time.monotonic()
    chance = Random(seed)  # noqa: S311 - invented data
    world = world_make(phones=phones, chance=chance, folder=folder, day=clock.today())
    progress(f"{len(world.cells)} 个网格，{sum(len(c.households) for c in world.cells):,} 户，{phones} 部手机")
    day = Day(world=world, url=url, chance=chance, progress=progress)
    with BrokerTap(settings.REDIS_URL) as tap:
        asyncio.run(day.run())
    secrets = set().union(*(script.secrets for script in day.scripts)) - {""}
    leaks, scanned = scan(
        {
            "日志": log_texts(folder / "logs"), "地址": day.traffic.urls, "预警推送": day.frames,
            "任务与消息": tap.lines,
        },
        secrets,
    )  # fmt: skip
    return Outcome(
        phones=phones, books=day.books, traffic=day.traffic, truth=day.truth,
        made=sum(1 for s in day.scripts for r in s.records if not (r.conflict or r.mended)),
        latencies=day.latencies(), sockets=len(day.apps), scanned=scanned, closed=day.closed,
        events_heard=sum(len(a.listener.arrivals) for a in day.apps),
        differences=[*day.books.differences, *day.differences, *leaks], seconds=time.monotonic() - started,
    )  # fmt: skip
