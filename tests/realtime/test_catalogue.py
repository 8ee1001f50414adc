"""The catalogue of frames: typed, closed, and described in docs/realtime.md."""

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from backend.alerts.choices import EventType, Severity
from backend.realtime import catalogue
from backend.realtime.catalogue import (
    Bye,
    ErrorFrame,
    EventBody,
    EventFrame,
    EventKind,
    Hello,
    Live,
    Ping,
    Pong,
    ServerFrame,
    SeverityName,
    decode_client,
    decode_server,
    encode,
)

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "realtime.md").read_text(encoding="utf-8")
EVENT = EventBody(
    809, "raised", "0199", "2026-11-22T01:12:40+00:00", "220521901901901", "fever", "urgent", "发热 38.2℃",
    "3幢2单元501",
)  # fmt: skip
EXAMPLES: list[ServerFrame] = [
    Hello(812, 20),
    EventFrame(EVENT),
    Live(),
    Ping("2026-11-22T01:13:00+00:00"),
    Bye("duties_changed"),
    Bye("signed_out"),
    ErrorFrame("bad_field", "填写的内容不符合要求，请检查后修改。", "after"),
    ErrorFrame("not_json", "请求内容不是有效的 JSON，请重新提交。"),
]


@pytest.mark.parametrize("frame", EXAMPLES)
def test_every_frame_survives_the_wire(frame: ServerFrame) -> None:
    assert decode_server(encode(frame)) == frame


def test_every_kind_of_frame_has_an_example() -> None:
    assert {type(frame) for frame in EXAMPLES} == set(get_args(ServerFrame))


@pytest.mark.parametrize("frame", EXAMPLES)
def test_a_field_that_is_not_in_the_catalogue_is_refused(frame: ServerFrame) -> None:
    data: dict[str, Any] = msgspec.json.decode(encode(frame))
    with pytest.raises(msgspec.ValidationError):
        decode_server(msgspec.json.encode(data | {"extra": 1}))


def test_what_has_nothing_to_say_is_left_out() -> None:
    assert "due_at" not in encode(EventFrame(EVENT))
    assert "by" not in msgspec.json.decode(encode(EventFrame(EVENT)))["event"]


def test_a_client_may_say_pong_and_nothing_else() -> None:
    assert decode_client('{"type":"pong"}') == Pong("pong")
    for text in ('{"type":"ping"}', "{}", '{"type":"pong","at":1}', '"pong"'):
        with pytest.raises(msgspec.ValidationError):
            decode_client(text)


def test_kinds_and_severities_are_those_of_the_alerts() -> None:
    assert set(get_args(EventKind)) == set(EventType.values)
    assert set(get_args(SeverityName)) == set(Severity.values)


def _rows(heading: str) -> dict[str, set[str]]:
    """First column → words in backquotes of the second, for the table after `heading`."""
    table = DOCS.split(heading, 1)[1].split("\n\n", 2)[1]
    rows = [line.split("|")[1:3] for line in table.splitlines()[2:]]
    return {re.findall(r"`(\w+)`", first)[0]: set(re.findall(r"`(\w+)`", second)) for first, second in rows}


def test_the_page_lists_every_frame_with_its_fields() -> None:
    expected = {frame.__struct_config__.tag: set(frame.__struct_fields__) for frame in get_args(ServerFrame)}
    assert _rows("From the server:") == expected
    assert _rows("From the client:") == {"pong": set(Pong.__struct_fields__)}
    assert set(_rows("An `event`:")) == set(EventBody.__struct_fields__)


def test_the_page_lists_every_close_code() -> None:
    from backend.realtime import sockets

    codes = {str(value) for name, value in vars(sockets).items() if name.startswith("CLOSE_")}
    table = DOCS.split("## Close codes", 1)[1].split("## How it works")[0]
    assert codes <= set(re.findall(r"\b\d{4}\b", table))


def test_no_frame_has_room_for_a_person() -> None:
    fields = {name for struct in (*get_args(ServerFrame), EventBody) for name in struct.__struct_fields__}
    assert not fields & {"name", "phone", "document", "person", "household", "note"}
    assert catalogue.__doc__
