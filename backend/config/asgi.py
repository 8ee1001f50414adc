"""ASGI entry: HTTP and sockets in one process."""

import os

import django
from django.conf import settings

from backend.config.heap import settle
from backend.config.lanes import Lanes
from backend.config.turnstile import AsgiTurnstile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
django.setup(set_prefix=False)

# What follows reads models and settings, which Django must have been set up for.
from channels.routing import ProtocolTypeRouter  # noqa: E402

from backend.alerts import selectors as alert_log  # noqa: E402
from backend.config.threads import ThreadedASGIHandler  # noqa: E402
from backend.realtime.routing import socket_application  # noqa: E402

http = AsgiTurnstile(ThreadedASGIHandler(threads=settings.HTTP_PLACES), Lanes(places=settings.HTTP_PLACES))
application = ProtocolTypeRouter({"http": http, "websocket": socket_application(alert_log)})
settle()
