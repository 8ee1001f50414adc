"""Files under ASGI: read in a thread, part by part. Otherwise Django takes a whole file into memory, and warns."""

from collections.abc import AsyncIterator, Callable, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse


class AsyncFilesMiddleware:
    """Stands outside WhiteNoise, whose files it reads too. Under WSGI the server reads them, and nothing is changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(request, ASGIRequest) and isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _parts(iter(response.streaming_content))  # type: ignore[arg-type]
        return response


async def _parts(source: Iterator[bytes]) -> AsyncIterator[bytes]:
    read = sync_to_async(lambda: next(source, b""))
    while part := await read():
        yield part
