"""Django under ASGI, with every request in one thread from its first middleware to its last.

Django's own handler goes to a thread and back for each middleware and for the view, sixteen times a request with ours,
and the thread is made for the request. Nothing of ours is asynchronous but the sockets, which do not come through here.
See docs/benchmarks.md.
"""

import asyncio
import contextvars
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import FileResponse
from django.urls import set_script_prefix

from backend.sync.shortcut import PUSH_PATH, short_answer


class ThreadedASGIHandler(ASGIHandler):
    """An ASGI application for HTTP that works on at most `threads` requests at once; more of them wait for a thread.

    A client that goes away does not end its request: what an upload has begun is stored, as under WSGI.
    """

    def __init__(self, *, threads: int) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="http")

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain of WSGI, whatever Django's handler asks for."""
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        response = await loop.run_in_executor(self._threads, context.run, self._respond, scope, body)
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                # Files are read by the server while they are sent.
                await loop.run_in_executor(self._threads, response.close)

    def _respond(self, scope: Any, body: Any) -> Any:
        """Everything of a request but reading and sending: what the signals of its end clean up lies in this thread."""
        if scope["path"] == PUSH_PATH:
            request, _ = self.create_request(scope, body)
            if request is not None:
                if answer := short_answer(request):
                    return answer.response()
                if hasattr(request, "_body"):
                    # It was read: Django reads it again.
                    body = io.BytesIO(request.body)
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response
