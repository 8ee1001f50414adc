"""Every frame on `/ws/alerts/`, typed; a field that is not here is refused. See docs/realtime.md.

The server sends `Hello`, `EventFrame`, `Live`, `Ping`, `Bye`, `ErrorFrame`; a client may send `Pong` and nothing else.
"""

from typing import Literal

import msgspec

EventKind = Literal["raised", "acknowledged", "closed", "reopened", "moved_out", "moved_in"]
SeverityName = Literal["urgent", "warning", "notice"]


class EventBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """EVENT: what happened to an alert, as it was at the time. Times are RFC 3339; `place` is a door, never a name."""

    seq: int
    type: EventKind
    alert: str
    at: str
    region: str
    rule: str
    severity: SeverityName
    title: str
    place: str
    due_at: str | None = None
    by: str | None = None
    reason: str | None = None
    other_region: str | None = None


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type"):
    """Base of every frame; `type` names it."""


class Hello(Frame, frozen=True, tag="hello"):
    """First frame. What follows up to `last_seq` is catch-up; a ping comes every `heartbeat_seconds`."""

    last_seq: int
    heartbeat_seconds: int


class EventFrame(Frame, frozen=True, tag="event"):
    """An event, missed or live; `event.seq` rises."""

    event: EventBody


class Live(Frame, frozen=True, tag="live"):
    """The catch-up is complete."""


class Ping(Frame, frozen=True, tag="ping"):
    """Heartbeat; `at` is the server's real time, RFC 3339."""

    at: str


class Bye(Frame, frozen=True, tag="bye"):
    """The last frame before the server closes for cause."""

    code: Literal["duties_changed", "signed_out"]


class ErrorFrame(Frame, frozen=True, tag="error"):
    """Something the client sent or asked for was refused: a code of `ErrorCode` and its Chinese sentence."""

    code: str
    message: str
    field: str | None = None


class Pong(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answer to a ping; optional. The type is a field here: a lone tagged struct would also accept none."""

    type: Literal["pong"]


ServerFrame = Hello | EventFrame | Live | Ping | Bye | ErrorFrame
ClientFrame = Pong

_encoder = msgspec.json.Encoder()
_from_client = msgspec.json.Decoder(ClientFrame)
_from_server = msgspec.json.Decoder(ServerFrame)


def encode(frame: Frame) -> str:
    """The text of a frame."""
    return _encoder.encode(frame).decode()


def decode_client(text: str) -> ClientFrame:
    """A client's frame. Raises `msgspec.DecodeError` (not JSON) or `msgspec.ValidationError` (not in the catalogue)."""
    return _from_client.decode(text)


def decode_server(text: str | bytes) -> ServerFrame:
    """A server's frame, for tests and tools written in Python."""
    return _from_server.decode(text)
