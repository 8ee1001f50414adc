"""The application is made, so that shared tasks belong to it."""

import celery_tasks.app  # noqa: F401
