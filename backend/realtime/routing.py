"""Socket addresses."""

from channels.routing import URLRouter

socket_application = URLRouter([])
