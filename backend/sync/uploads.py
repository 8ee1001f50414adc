"""An upload (上报) over HTTP: its body read within bounds, judged, stored and answered. See docs/sync.md."""

import gzip
import io
import zlib

import msgspec
from django.http import HttpRequest, HttpResponse

from backend.accounts.at_hand import DeviceState
from backend.accounts.models import User
from backend.core import clock
from backend.core.errors import ApiError, ErrorCode
from backend.core.rendering import JSONRenderer, json_bytes
from backend.sync.devices import device_seen
from backend.sync.services import Pushed, batch_push
from backend.sync.shapes import ENVELOPE_DECODER, Envelope, shape_error

MAX_BODY = 2 * 1024 * 1024


def upload_answer(request: HttpRequest, *, user: User, known: DeviceState | None) -> HttpResponse:
    """Store what `user` sent; a verdict per item. `known` is the device of his session. Raises ApiError."""
    envelope = read_envelope(request)
    device_seen(device_id=envelope.device, user=user, known=known)
    return HttpResponse(verdicts(batch_push(user=user, envelope=envelope)), content_type=JSONRenderer.media_type)


def verdicts(pushed: Pushed) -> bytes:
    """What the phone is told of its upload."""
    return json_bytes(
        {
            "results": pushed.results,
            "server_time": clock.now(),
            "skew_seconds": round(pushed.skew.total_seconds(), 1),
        }
    )


def read_envelope(request: HttpRequest) -> Envelope:
    """The body as an envelope. Raises ApiError: too large, not JSON, wrong shape."""
    if request.content_type != "application/json":
        raise ApiError(ErrorCode.UNSUPPORTED_MEDIA)
    if announced(request) > MAX_BODY:
        raise ApiError(ErrorCode.TOO_LARGE)
    # A body sent in chunks names no length: no more of it comes into memory than may be.
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise ApiError(ErrorCode.TOO_LARGE)
    return envelope_of(body, encoding=request.headers.get("Content-Encoding", "identity"))


def envelope_of(body: bytes, *, encoding: str) -> Envelope:
    """A body of at most `MAX_BODY` bytes as an envelope. Raises ApiError."""
    if encoding == "gzip":
        body = _gunzip(body)
    elif encoding != "identity":
        raise ApiError(ErrorCode.UNSUPPORTED_MEDIA, field="Content-Encoding")
    if len(body) > MAX_BODY:
        raise ApiError(ErrorCode.TOO_LARGE)
    try:
        return ENVELOPE_DECODER.decode(body)
    except msgspec.ValidationError as error:
        code, field = shape_error(error)
        if field == "items" and "length" in str(error):
            raise ApiError(ErrorCode.TOO_LARGE, field="items") from error
        raise ApiError(code, field=field) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(ErrorCode.NOT_JSON) from error


def announced(request: HttpRequest) -> int:
    """How long the request says its body is. Raises BAD_REQUEST where it says nonsense."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ApiError(ErrorCode.BAD_REQUEST)
    return int(text)


def _gunzip(body: bytes) -> bytes:
    """Unpack, but never more than the limit and one byte: a small body must not become a large one."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            return file.read(MAX_BODY + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ApiError(ErrorCode.NOT_JSON) from error
