"""The roll-up: figures at the cell, sums above, zero and missing told apart, corrections, late closings."""

import uuid

from backend.facts.models import TouchedCell
from backend.reports.models import DailyReport, ReportDay, ReportRevision
from tests.conftest import CELL, OTHER_CELL
from tests.reports.conftest import DAY, PROVINCE, World, moment

VILLAGE, TOWNSHIP, COUNTY, PREFECTURE = CELL[:12], CELL[:9], CELL[:6], CELL[:4]
SILENT = "220521901901903"
ALL_LEVELS = (CELL, VILLAGE, TOWNSHIP, COUNTY, PREFECTURE, PROVINCE)


def test_running_figures_reach_every_level(world: World) -> None:
    household = world.at(0, "08:00").household()
    world.at(0, "12:00").visit(household_id=household.pk, fever_count=1, outcome="seen_unwell")
    world.at(0, "12:01").advance()
    for code in ALL_LEVELS:
        report = world.report(code)
        assert (report.state, report.value, report.revision) == ("running", "", 0)
        assert (report.figures["reached"], report.figures["fever"], report.figures["households"]) == (1, 1, 1)
    assert (world.report(PROVINCE).reported, world.report(PROVINCE).expected) == (1, 4)
    assert not TouchedCell.objects.exists()


def test_levels_close_one_after_the_other(world: World) -> None:
    world.visit()
    for wall, closed in (
        ("06:59", 0),
        ("07:01", 1),
        ("07:31", 2),
        ("08:01", 3),
        ("09:01", 4),
        ("10:01", 5),
        ("11:01", 6),
    ):
        world.at(1, wall).advance()
        assert ReportDay.objects.get().levels_closed == closed
        assert [world.report(code).revision for code in ALL_LEVELS].count(1) == closed
    assert world.report(PROVINCE).value == "zero"
    assert world.report(PROVINCE).state == "submitted"


def test_silence_is_missing_and_in_no_sum(world: World) -> None:
    world.household(SILENT)
    world.household(CELL)
    world.visit(CELL)
    world.at(1, "12:00").advance()
    silent, village = world.report(SILENT), world.report(VILLAGE)
    assert (silent.state, silent.value, silent.figures) == ("missing", "missing", {})
    assert (village.value, village.reported, village.expected) == ("zero", 1, 3)
    assert village.figures["households"] == 1
    other = world.report(OTHER_CELL[:9])
    assert (other.value, other.reported, other.expected, other.figures) == ("missing", 0, 1, {})


def test_a_late_record_is_a_correction_all_the_way_up(world: World) -> None:
    world.visit(CELL)
    world.at(1, "12:00").advance()
    world.at(1, "13:00").visit(OTHER_CELL, fever_count=2)
    world.at(1, "13:01").advance()
    cell = world.report(OTHER_CELL)
    assert (cell.value, cell.late, cell.revision, cell.value_at_close) == ("n", True, 2, "missing")
    province = world.report(PROVINCE)
    assert (province.figures["fever"], province.revision, province.late, province.value) == (2, 2, False, "n")
    first, second = ReportRevision.objects.filter(region_code=PROVINCE).order_by("n")
    assert (first.figures["fever"], first.as_of) == (0, moment(1, "11:00"))
    assert (second.figures["fever"], second.children) == (2, {"2205": 2})


def test_a_close_that_runs_days_late_gives_the_same_figures(world: World) -> None:
    world.visit(CELL)
    for wall, cell in (("07:10", OTHER_CELL), ("09:30", SILENT), ("11:30", "220521901901902")):
        world.at(1, wall).visit(cell, fever_count=1)
    world.at(3, "15:00").advance()
    late = _revisions_at_close()
    DailyReport.objects.all().delete()
    ReportRevision.objects.all().delete()
    ReportDay.objects.all().delete()
    for wall in ("06:00", "07:01", "07:15", "07:31", "08:01", "09:01", "10:01", "11:01", "15:00"):
        for visit_cell in (OTHER_CELL, SILENT, "220521901901902", CELL):
            world.at(1, wall).touch(visit_cell, DAY)
        world.advance()
    assert _revisions_at_close() == late
    assert late[PROVINCE, moment(1, "11:00")][0]["fever"] == 2
    assert world.report(PROVINCE).figures["fever"] == 3


def _revisions_at_close() -> dict[tuple[str, object], tuple[dict[str, int], str, int, int]]:
    """What each unit said at each cut-off: its latest revision of that moment."""
    cutoffs = [moment(1, wall) for wall in ("07:00", "07:30", "08:00", "09:00", "10:00", "11:00")]
    rows = ReportRevision.objects.order_by("as_of", "n")
    return {
        (r.region_code, cutoff): (r.figures, r.value, r.reported, r.digest)
        for cutoff in cutoffs
        for r in rows
        if r.as_of <= cutoff
    }


def test_nobody_home_counts_only_who_was_not_reached(world: World) -> None:
    met, unmet = uuid.uuid4(), uuid.uuid4()
    for household, outcome in ((met, "nobody_home"), (met, "seen_well"), (unmet, "nobody_home")):
        world.visit(household_id=household, outcome=outcome)
    world.advance()
    figures = world.report(CELL).figures
    assert (figures["reached"], figures["nobody_home"]) == (1, 1)


def test_doubtful_and_replaced_records_do_not_count(world: World) -> None:
    world.visit(doubtful=True, fever_count=5)
    first = world.visit(fever_count=3)
    world.visit(household_id=first.household_id, fever_count=1, replaces_id=first.pk)
    world.advance()
    report = world.report(CELL)
    assert (report.figures["fever"], report.facts) == (1, 1)


def test_checks_of_people_under_monitoring(world: World) -> None:
    person, other = world.person(), world.person()
    world.monitoring(person)
    world.monitoring(other)
    world.check(person.pk, fever=True, symptomatic=True)
    world.check(person.pk, session="evening", reachable=False)
    world.advance()
    running = world.report(CELL).figures
    assert "checks_missed" not in running
    world.at(1, "08:00").advance()
    figures = world.report(CELL).figures
    assert {k: figures[k] for k in ("under_monitoring", "checks_due", "checks_done", "checks_missed")} == {
        "under_monitoring": 2, "checks_due": 4, "checks_done": 1, "checks_missed": 3,
    }  # fmt: skip
    assert (figures["fever"], figures["symptoms"]) == (1, 1)


def test_returnees_present_and_new(world: World) -> None:
    world.returnee(day=DAY)
    world.at(0, "13:00").advance()
    assert world.report(PROVINCE).figures["new_returnees"] == 1
    world.at(1, "12:00").advance()
    assert world.report(CELL).value == "n"
    world.advance(moment(1, "12:00").date())
    tomorrow = world.report(CELL, moment(1, "12:00").date()).figures
    assert (tomorrow["returnees_present"], tomorrow["new_returnees"]) == (1, 0)


def test_nothing_is_written_when_nothing_changed(world: World) -> None:
    world.visit()
    world.at(1, "12:00").advance()
    revisions = ReportRevision.objects.count()
    world.touch(CELL, DAY)
    world.at(1, "12:05").advance()
    world.at(1, "12:06").advance()
    assert ReportRevision.objects.count() == revisions
    assert not TouchedCell.objects.exists()
