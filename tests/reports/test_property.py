"""Random trees, records, lateness, corrections, confirmations and outages: every parent is the sum of its children.

Each example is played twice: once with a worker that ticks whenever it pleases, once with one that was away and comes
back days later. Both must say the same at every cut-off and in the end, and what plain Python counts.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from backend.core import clock
from backend.regions.choices import LEVEL_OF
from backend.regions.models import Region
from backend.reports.cutoffs import closings
from backend.reports.models import Confirmation, DailyReport, ReportRevision
from backend.visits.choices import REACHED
from tests.reports.conftest import DAY, PROVINCE, World, moment

START, END = moment(0, "08:00"), moment(2, "12:00")
COUNTED = ("reached", "nobody_home", "fever", "symptoms", "households")
OUTCOMES = ("seen_well", "seen_unwell", "nobody_home", "refused")


@dataclass
class Tree:
    """Codes by parent, as `Region.parent_code` has them: pseudo levels are skipped."""

    parent: dict[str, str | None]
    placeholders: set[str]

    @property
    def cells(self) -> list[str]:
        return sorted(code for code in self.parent if len(code) == 15)

    def real(self) -> list[str]:
        return sorted(set(self.parent) - self.placeholders)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A province down to its cells; at the levels of prefecture, county and township some units are pseudo."""
    parent: dict[str, str | None] = {PROVINCE: None}
    placeholders: set[str] = set()
    layer = [PROVINCE]
    for digits, length in ((2, 4), (2, 6), (3, 9), (3, 12), (3, 15)):
        below = []
        for code in layer:
            for number in range(1, draw(st.integers(1, 2)) + 1):
                child = f"{code}{number:0{digits}d}"
                above: str | None = code
                while above in placeholders:
                    above = parent[above]
                parent[child] = above
                if length in {4, 6, 9} and draw(st.integers(0, 3)) == 0:
                    placeholders.add(child)
                below.append(child)
        layer = below
    return Tree(parent, placeholders)


@dataclass
class Story:
    """What happens: records at their times of receipt, and the times at which a worker ticks."""

    tree: Tree
    records: list[dict[str, Any]] = field(default_factory=list)
    confirmations: list[dict[str, Any]] = field(default_factory=list)
    ticks: list[dt.datetime] = field(default_factory=list)


minutes = st.integers(0, int((END - START).total_seconds() // 60))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story(draw(trees()))
    cells, real = story.tree.cells, story.tree.real()
    households = [uuid.UUID(int=n + 1) for n in range(4)]
    for at in sorted(draw(st.lists(minutes, max_size=12))):
        replaces = None
        if story.records and draw(st.integers(0, 3)) == 0:
            replaces = draw(st.sampled_from(story.records))["id"]
        story.records.append(
            {
                "id": draw(st.uuids(version=4)), "cell": draw(st.sampled_from(cells)),
                "received_at": START + dt.timedelta(minutes=at),
                "household_id": draw(st.sampled_from(households)), "outcome": draw(st.sampled_from(OUTCOMES)),
                "fever_count": draw(st.integers(0, 2)), "symptom_count": draw(st.integers(0, 2)),
                "doubtful": draw(st.integers(0, 9)) == 0, "replaces_id": replaces,
            }
        )  # fmt: skip
    for at in draw(st.lists(minutes, max_size=2)):
        story.confirmations.append(
            {
                "region_code": draw(st.sampled_from(real)), "confirm": draw(st.sampled_from(["zero", "report"])),
                "at": START + dt.timedelta(minutes=at, seconds=1),
            }
        )  # fmt: skip
    story.ticks = sorted(START + dt.timedelta(minutes=m, seconds=30) for m in draw(st.lists(minutes, max_size=6)))
    return story


@pytest.fixture
def empty_world(db: None, policies: None, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_make_partitions(%s, %s)", [DAY, DAY])
    return made


def play(world: World, story: Story, ticks: list[dt.datetime]) -> None:
    """Everything in the order of time; the worker comes back for good a day after the end."""
    happenings: list[tuple[dt.datetime, int, Any]] = [(r["received_at"], 0, r) for r in story.records]
    happenings += [(c["at"], 1, c) for c in story.confirmations]
    happenings += [(t, 2, None) for t in ticks]
    for at, kind, what in sorted(happenings, key=lambda h: h[:2]):
        world.now = at
        if kind == 0:
            columns = {k: v for k, v in what.items() if k not in {"cell", "received_at"}}
            world.visit(what["cell"], **columns)
            old = next((r for r in story.records if r["id"] == what["replaces_id"]), None)
            if old:
                world.touch(old["cell"], DAY)
        elif kind == 1:
            Confirmation.objects.create(business_day=DAY, author_id=1, author_name="村委会", **what)
            world.touch(what["region_code"], DAY)
        else:
            world.advance()
    world.now = END + dt.timedelta(days=1)
    world.advance()


def said() -> dict[Any, tuple[Any, ...]]:
    """What every unit says in the end, and said at each cut-off."""
    found: dict[Any, tuple[Any, ...]] = {
        r.region_code: (r.state, r.value, r.late, r.reported, r.expected, r.figures, r.digest, r.inputs)
        for r in DailyReport.objects.all()
    }
    revisions = list(ReportRevision.objects.order_by("as_of", "n"))
    for closing in closings(PROVINCE, DAY):
        for r in revisions:
            if r.as_of <= closing.at:
                found[r.region_code, closing.level] = (r.state, r.value, r.reported, r.figures, r.digest)
    return found


def expected_cell(story: Story, cell: str) -> dict[str, int] | None:
    """What plain Python counts in a cell; None when nothing from a person is there."""
    replaced = {r["replaces_id"] for r in story.records}
    counted = [r for r in story.records if r["cell"] == cell and not r["doubtful"] and r["id"] not in replaced]
    confirmed = any(c["region_code"] == cell for c in story.confirmations)
    if not counted and not confirmed:
        return None
    reached = {r["household_id"] for r in counted if r["outcome"] in REACHED}
    nobody = {r["household_id"] for r in counted if r["outcome"] == "nobody_home"} - reached
    return {
        "reached": len(reached), "nobody_home": len(nobody), "fever": sum(r["fever_count"] for r in counted),
        "symptoms": sum(r["symptom_count"] for r in counted), "households": 1,
    }  # fmt: skip


def check_against_python(story: Story) -> None:
    reports = {r.region_code: r for r in DailyReport.objects.all()}
    assert set(reports) == set(story.tree.real())
    cells = {cell: expected_cell(story, cell) for cell in story.tree.cells}
    for code, report in reports.items():
        below = {c: figures for c, figures in cells.items() if c.startswith(code) and figures is not None}
        totals = {key: sum(figures[key] for figures in below.values()) for key in COUNTED}
        assert report.reported == len(below)
        assert report.expected == sum(c.startswith(code) for c in cells)
        assert {key: report.figures.get(key) for key in COUNTED} == (totals if below else dict.fromkeys(COUNTED))
        if not below:
            confirmed = any(c["region_code"] == code for c in story.confirmations)
            assert (report.value, report.state) == (("zero", "confirmed") if confirmed else ("missing", "missing"))
        children = [r for r in reports.values() if r.parent_code == code]
        for key in COUNTED:
            if children:
                assert report.figures.get(key, 0) == sum(c.figures.get(key, 0) for c in children)
        latest = ReportRevision.objects.get(region_code=code, n=report.revision)
        assert latest.figures == report.figures
        assert latest.children == {c.region_code: c.revision for c in children}


@settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(story=stories())
def test_every_parent_is_the_sum_of_its_reporting_children(empty_world: World, story: Story) -> None:
    event(f"placeholders: {bool(story.tree.placeholders)}")
    event(f"corrections: {any(r['replaces_id'] for r in story.records)}")
    outcomes = []
    for ticks in (story.ticks, []):
        with transaction.atomic():
            Region.objects.bulk_create(
                Region(
                    code=code, name=code, level=LEVEL_OF[len(code)], parent_code=above,
                    placeholder=code in story.tree.placeholders,
                )
                for code, above in story.tree.parent.items()
            )  # fmt: skip
            empty_world.now = moment(0, "06:00")
            for cell in story.tree.cells:
                empty_world.household(cell)
            play(empty_world, story, ticks)
            check_against_python(story)
            outcomes.append(said())
            transaction.set_rollback(True)
    assert outcomes[0] == outcomes[1]
