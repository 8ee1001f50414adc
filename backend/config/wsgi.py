"""WSGI entry: HTTP only, for the lay-out with separate socket processes (docs/deploy.md)."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from backend.config.heap import settle
from backend.config.lanes import Lanes
from backend.config.turnstile import WsgiTurnstile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
application = WsgiTurnstile(get_wsgi_application(), Lanes(places=settings.HTTP_PLACES))
settle()
