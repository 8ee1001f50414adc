"""The schedule: every name that anybody may ask for is a task, every message leads to one, no message waits in line."""

import pytest

from backend.core import enqueue
from backend.core.enqueue import TaskName
from celery_tasks.app import app
from celery_tasks.due import DUE
from celery_tasks.schedule import BEAT


@pytest.fixture(autouse=True)
def tasks_loaded() -> None:
    app.loader.import_default_modules()


def test_every_task_name_is_registered() -> None:
    assert {name.value for name in TaskName} <= set(app.tasks)


def test_beat_asks_only_for_registered_tasks_and_drops_what_nobody_took() -> None:
    for entry in BEAT.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= entry["schedule"]


def test_jobs_have_names_of_their_own() -> None:
    names = [job.name for job in DUE]
    assert len(names) == len(set(names))
    assert names.index("reports_advance") < names.index("outbox")
    assert names.index("checks_missed") < names.index("reports_advance")


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("celery.canvas.Signature.apply_async", away)
    enqueue.enqueue_on_commit(TaskName.TICK)
