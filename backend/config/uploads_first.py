"""Django under WSGI, with the short way of uploads in front of it. See docs/sync.md."""

import io
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from backend.sync.shortcut import PUSH_PATH, short_answer


class UploadsFirstHandler(WSGIHandler):
    """A WSGI application. What the short way does not take, Django answers as anything else."""

    def __call__(  # type: ignore[override] # the stubs know of no answer but Django's
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == PUSH_PATH:
            request = WSGIRequest(environ)
            if answer := short_answer(request):
                start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
                return [answer.body]
            if hasattr(request, "_body"):
                # It was read: Django reads it again.
                environ["wsgi.input"] = io.BytesIO(request.body)
        return super().__call__(environ, start_response)
