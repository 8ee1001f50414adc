"""ASGI entry: HTTP and sockets in one process."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from backend.config.heap import settle
from backend.config.lanes import Lanes
from backend.config.turnstile import AsgiTurnstile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
http = AsgiTurnstile(get_asgi_application(), Lanes(places=settings.HTTP_PLACES))

from channels.routing import ProtocolTypeRouter  # noqa: E402

from backend.alerts import selectors as alert_log  # noqa: E402
from backend.realtime.routing import socket_application  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": socket_application(alert_log)})
settle()
