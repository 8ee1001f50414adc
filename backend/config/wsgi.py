"""WSGI entry: HTTP only, for the lay-out with separate socket processes (docs/deploy.md)."""

import os

import django
from django.conf import settings

from backend.config.heap import settle
from backend.config.lanes import Lanes
from backend.config.turnstile import WsgiTurnstile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
django.setup(set_prefix=False)

# What follows reads models, which Django must have been set up for.
from backend.config.uploads_first import UploadsFirstHandler  # noqa: E402

application = WsgiTurnstile(UploadsFirstHandler(), Lanes(places=settings.HTTP_PLACES))
settle()
