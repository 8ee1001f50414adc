"""The Celery application."""

import os

from celery import Celery

from celery_tasks.schedule import BEAT

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

app = Celery("gridkeeper")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT
app.autodiscover_tasks(["celery_tasks"], related_name="tasks")
