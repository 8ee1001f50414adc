"""Socket addresses."""

from channels.routing import URLRouter
from django.urls import path, re_path

from backend.realtime.endpoint import AlertEndpoint, no_such_socket
from backend.realtime.source import EventSource


def socket_application(source: EventSource) -> URLRouter:
    """Every socket address, delivering the log `source`."""
    return URLRouter([path("ws/alerts/", AlertEndpoint(source)), re_path(r"", no_such_socket)])  # type: ignore[arg-type]
