"""A worker killed -9 in the middle of a close, for real: the next tick finishes the day, each revision once."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from backend.reports.models import DailyReport, ReportDay, ReportRevision
from tests.reports.conftest import PROVINCE, World

# The worker stops after the reports are written and before their revisions are, holding its transaction open.
WORKER = """
import datetime as dt, sys, time
import django
django.setup()
from backend.core import clock
from backend.reports.services import day_advance, rollup
clock.now = lambda: dt.datetime.fromisoformat(sys.argv[1])
original, calls = rollup.rollup_sql.revise, []
def stops():
    calls.append(1)
    if len(calls) == 4:
        print("holding", flush=True)
        time.sleep(120)
    return original()
rollup.rollup_sql.revise = stops
day_advance(province="22", day=dt.date.fromisoformat(sys.argv[2]))
"""


def database_url() -> str:
    values = connection.settings_dict
    account = f"{quote(values['USER'])}:{quote(values['PASSWORD'])}"
    return f"postgresql://{account}@{quote(values['HOST'], safe='')}:{values['PORT']}/{values['NAME']}"


@pytest.mark.django_db(transaction=True)
def test_a_close_killed_half_way_is_finished_by_the_next_tick(world: World) -> None:
    world.visit(fever_count=1)
    world.at(1, "12:00")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "backend.config.settings",
        "DATABASE_URL": database_url(),
        "DATABASE_OWNER_URL": database_url(),
        "GRIDKEEPER_DEMO": "1",
    }
    day = world.now.date().replace(day=20).isoformat()
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, world.now.isoformat(), day],
        cwd=Path(settings.REPOSITORY), env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "holding"
        assert ReportDay.objects.get().levels_closed == 3
        worker.send_signal(signal.SIGKILL)
    finally:
        worker.kill()
        worker.communicate(timeout=30)
    _wait_for_the_lock()
    world.advance()
    assert ReportDay.objects.get().levels_closed == 6
    assert (
        ReportRevision.objects.count() == DailyReport.objects.filter(revision=1).count() == DailyReport.objects.count()
    )
    assert world.report(PROVINCE).figures["fever"] == 1


def _wait_for_the_lock() -> None:
    """The server notices a dead client within moments; its locks go with it."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20s'")
        cursor.execute("SELECT pg_advisory_lock(hashtext('report_day'), hashtext('22 20261120'))")
        cursor.execute("SELECT pg_advisory_unlock(hashtext('report_day'), hashtext('22 20261120'))")
        cursor.execute("RESET lock_timeout")
