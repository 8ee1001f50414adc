"""A small simulated day on a stack of its own: everything that a large one does, with eight phones."""

import json

import pytest
from django.conf import settings
from django.core.management import call_command

from backend.ops.simulate.timeline import Hour, steps
from backend.regions.choices import LEVELS_UPWARD


@pytest.mark.faults
def test_a_day_of_eight_phones_agrees_with_the_truth() -> None:
    folder = settings.REPOSITORY / "var" / "test" / "simulate"
    call_command("simulate_day", phones=8, seed=7, folder=folder)
    result = json.loads((folder / "result.json").read_text())
    assert result["differences"] == []
    assert result["answers"]["rejected"] > 0
    assert result["answers"]["conflict"] > 0
    assert result["answers"]["duplicate"] > 0
    assert result["events_heard"] > 0
    assert result["province"]["fever"] > 0


@pytest.mark.django_db
def test_the_day_stops_at_every_cut_off(tree: object) -> None:
    call_command("load_policies", verbosity=0)
    from backend.core import clock

    found = steps(province="22", day=clock.today())
    assert [step.level for step in found if step.level] == list(LEVELS_UPWARD)
    assert [step.hour for step in found if step.hour is not None] == list(Hour)
    assert [step.at for step in found] == sorted(step.at for step in found)
