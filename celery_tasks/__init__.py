"""Celery: the app, the schedule on one screen, thin tasks that each call one service. See docs/tasks.md."""
