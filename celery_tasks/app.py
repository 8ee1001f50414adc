"""The Celery application."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

from celery_tasks.schedule import BEAT

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

app = Celery("gridkeeper")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT
app.autodiscover_tasks(["celery_tasks"], related_name="tasks")


@worker_ready.connect
def ask_at_once(**signal: Any) -> None:
    """A worker that comes back asks what it missed, rather than wait for the next minute."""
    app.send_task(BEAT["tick"]["task"], **BEAT["tick"]["options"])
