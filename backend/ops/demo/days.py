"""What happens in the demo's two weeks: records on phones, uploads, alerts handled, days closed, in order of time.

Every step runs with the business clock standing at its moment, through the services that the running system uses.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from backend.accounts.models import User
from backend.alerts.choices import CloseReason, State
from backend.alerts.models import Alert
from backend.alerts.services import alert_acknowledge, alert_close
from backend.core import clock
from backend.health.services import checks_missed_evaluate, codes_sweep, monitorings_end_due
from backend.ops.demo.phones import Phone
from backend.ops.demo.records import CellDay, Resident, cell_day
from backend.ops.demo.returns import Return
from backend.reports.services.closing import reports_advance
from backend.residents.rules import HouseholdInput
from backend.returnees.choices import ReturneeState
from backend.returnees.models import Returnee
from backend.returnees.services import returnee_leave
from backend.visits.services import households_unseen_evaluate

#: Shares of cell-days that arrive after the cut-offs, and that never arrive.
LATE, MISSING = 0.03, 0.02
#: How likely an open alert is taken on, and one taken on is closed, at each look.
ACKNOWLEDGED, CLOSED = 0.93, 0.8

_T = dt.time


@dataclass
class TwoWeeks:
    """The cast and its phones. `today_quiet`: cells whose workers have only just set out today."""

    households: dict[str, list[HouseholdInput]]
    returns: Sequence[Return]
    workers: dict[str, User]
    offices: dict[str, User]
    seed: str
    today_quiet: frozenset[str]
    phones: dict[str, Phone] = field(default_factory=dict)
    late: dict[str, list[CellDay]] = field(default_factory=dict)

    def _chance(self, *about: object) -> Random:
        """Chance of its own for each thing, so that a run taken up again throws the same dice."""
        return Random(":".join(map(str, (self.seed, *about))))  # noqa: S311 - invented data

    def play(self, *, first: dt.date, until: dt.datetime) -> Iterator[dt.date]:
        """Write everything from `first` to the moment `until`; yields each day when it is done."""
        self.phones = {
            username: Phone(worker, self._chance(username), since=clock.at(first, _T(0)))
            for username, worker in sorted({u.username: u for u in self.workers.values()}.items())
        }
        day = first
        while day <= clock.business_day(until):
            for moment, step in self._steps(day, until):
                with clock.standing_at(moment):
                    step()
            yield day
            day += dt.timedelta(days=1)

    def _steps(self, day: dt.date, until: dt.datetime) -> Iterator[tuple[dt.datetime, Callable[[], object]]]:
        last = day == clock.business_day(until)
        before = day - dt.timedelta(days=1)
        plan = self._plan(day, last=last)
        steps: list[tuple[dt.time, Callable[[], object]]] = [
            (_T(0, 20), lambda: (monitorings_end_due(today=day), codes_sweep(day=day))),
            (_T(11, 5), reports_advance),
            (_T(11, 40), lambda: self._upload(plan, until=clock.now())),
            (_T(12, 10), lambda: (checks_missed_evaluate(day=day), households_unseen_evaluate(day=before))),
            (_T(12, 40), self._look_at_alerts),
            (_T(13, 20), self._upload_late),
            (_T(15, 0), lambda: self._leave(day)),
            (_T(20, 40), lambda: self._upload(plan, until=clock.now())),
            (_T(21, 10), lambda: checks_missed_evaluate(day=day)),
            (_T(21, 30), self._look_at_alerts),
        ]
        moments = [(clock.at(day, time), step) for time, step in steps]
        yield from (entry for entry in moments if entry[0] <= until)
        if last:
            yield until, lambda: self._upload(plan, until=until)
            yield until, reports_advance

    # --- records --------------------------------------------------------------------------------------------------

    def _plan(self, day: dt.date, *, last: bool) -> list[CellDay]:
        """What is recorded in each cell on `day`. A cell without a word keeps its registrations: those are kept."""
        plans = []
        chance = self._chance(day)
        for cell, households in self.households.items():
            here = [Resident(r, r.last_check_day) for r in self.returns if r.cell == cell]
            plan = cell_day(
                cell=cell, day=day, households=households, residents=here, chance=chance,
                few=last and cell in self.today_quiet,
            )  # fmt: skip
            fate = chance.random()
            if plan.registers or last or cell in self.today_quiet or fate >= LATE + MISSING:
                plans.append(plan)
            elif fate < LATE:
                self.late.setdefault(cell, []).append(plan)
        return plans

    def _upload(self, plans: Sequence[CellDay], *, until: dt.datetime) -> None:
        for plan in plans:
            phone = self.phones[self.workers[plan.cell].username]
            for record in plan.take(until):
                phone.record(record.kind, record.observed_at, record.body, item_id=record.item_id)
        for phone in self.phones.values():
            phone.upload()

    def _upload_late(self) -> None:
        """What lay on a phone since yesterday: after every cut-off, so it makes corrections."""
        today = clock.today()
        for cell in list(self.late):
            due = [plan for plan in self.late[cell] if plan.day < today]
            self.late[cell] = [plan for plan in self.late[cell] if plan.day >= today]
            self._upload(due, until=clock.now())

    def _leave(self, day: dt.date) -> None:
        for person in self.returns:
            if person.left_on == day and Returnee.objects.filter(pk=person.item_id, state=ReturneeState.PRESENT):
                actor = self.offices[person.cell[:9]]
                returnee_leave(returnee_id=person.item_id, left_on=day, actor=actor)

    # --- alerts ---------------------------------------------------------------------------------------------------

    def _look_at_alerts(self) -> None:
        """Take on what is open, close what was taken on before. A few stay as they are."""
        chance = self._chance(clock.now())
        for alert in Alert.objects.exclude(state=State.CLOSED).order_by("raised_at", "concern"):
            actor = self.workers[alert.region_code]
            if alert.state == State.OPEN and chance.random() < ACKNOWLEDGED:
                alert_acknowledge(actor=actor, alert_id=alert.pk)
            elif alert.state == State.ACKNOWLEDGED and chance.random() < CLOSED:
                reason = chance.choices((CloseReason.HANDLED, CloseReason.FALSE_ALARM), (9, 1))[0]
                alert_close(actor=actor, alert_id=alert.pk, reason=reason)
