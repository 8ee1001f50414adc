"""The life of a socket on a real server: hello, catch-up, live, scope, refusals, farewells."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backend.accounts.choices import Role
from backend.accounts.models import Device, Duty, Session, User
from backend.alerts.choices import CloseReason
from backend.alerts.models import Alert
from backend.alerts.selectors import last_seq
from backend.alerts.services import alert_acknowledge, alert_close
from backend.core import clock
from backend.core.ids import new_id
from backend.realtime import hub as hub_module
from backend.realtime.services import duties_changed, signed_out
from backend.realtime.wire import Wire
from tests.conftest import CELL, OTHER_CELL
from tests.realtime.conftest import Dial, Server, session_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def village(world: None, user_with: Callable[..., User]) -> User:
    return user_with(Role.VILLAGE, CELL[:12])


def test_hello_then_what_was_missed_then_live(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    first, second, third = raise_fever(), raise_fever(), raise_fever()
    start = last_seq()
    listener = dial(server, village, after=start - 2)
    hello = listener.hello()
    assert (hello.last_seq, hello.heartbeat_seconds) == (start, 20)
    assert [frame.event.alert for frame in listener.until_live()] == [str(second.pk), str(third.pk)]
    began = time.monotonic()
    fourth = raise_fever()
    frame = listener.event(2)
    assert time.monotonic() - began < 1
    assert (frame.event.alert, frame.event.type, frame.event.title) == (str(fourth.pk), "raised", "发热 38.2℃")
    assert frame.event.seq > start
    assert first.pk not in {second.pk, third.pk}


def test_live_frames_take_the_short_way_to_the_transport(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer uvicorn that hides its transport would make delivery slow without any other test noticing."""
    taken: list[bool] = []
    write = Wire.write

    def recorded(wire: Wire, data: bytes) -> bool:
        taken.append(write(wire, data))
        return taken[-1]

    monkeypatch.setattr(Wire, "write", recorded)
    listener = dial(server, village).ready()
    raise_fever()
    listener.event()
    assert taken
    assert all(taken)


def test_every_act_reaches_the_socket_in_order(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    listener = dial(server, village).ready()
    alert = raise_fever()
    alert_acknowledge(actor=village, alert_id=alert.pk)
    alert_close(actor=village, alert_id=alert.pk, reason=CloseReason.HANDLED)
    events = [listener.event().event for _ in range(3)]
    assert [event.type for event in events] == ["raised", "acknowledged", "closed"]
    assert [event.by for event in events] == [None, str(village), str(village)]
    assert [event.seq for event in events] == sorted(event.seq for event in events)


def test_without_after_nothing_is_caught_up(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    raise_fever()
    listener = dial(server, village).ready()
    raise_fever()
    assert listener.event().event.type == "raised"


def test_an_after_from_another_past_misses_nothing_to_come(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    raise_fever()
    listener = dial(server, village, after=last_seq() + 1_000_000)
    assert listener.hello().last_seq == last_seq()
    assert listener.until_live() == []
    raise_fever()
    assert listener.event().event.seq == last_seq()


def test_a_long_absence_is_caught_up_over_several_pages(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert], monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.realtime import endpoint

    monkeypatch.setattr(endpoint, "PAGE", 4)
    start = last_seq()
    alerts = [raise_fever() for _ in range(11)]
    listener = dial(server, village, after=start)
    listener.hello()
    assert [frame.event.alert for frame in listener.until_live()] == [str(alert.pk) for alert in alerts]


def test_each_sees_its_own_part_of_the_tree(
    server: Server, dial: Dial, user_with: Callable[..., User], raise_fever: Callable[..., Alert]
) -> None:
    here, there = raise_fever(), raise_fever(OTHER_CELL)
    expected = {
        (Role.GRID_WORKER, CELL): [here],
        (Role.GRID_WORKER, CELL[:12] + "902"): [],
        (Role.VILLAGE, OTHER_CELL[:12]): [there],
        (Role.TOWNSHIP, CELL[:9]): [here],
        (Role.PROVINCE, "22"): [here, there],
    }
    listeners = []
    for (role, region), alerts in expected.items():
        listener = dial(server, user_with(role, region), after=0)
        listener.hello()
        assert [f.event.alert for f in listener.until_live()] == [str(a.pk) for a in alerts], role
        listeners.append((listener, [a.region_code for a in alerts]))
    raise_fever()
    raise_fever(OTHER_CELL)
    for listener, regions in listeners:
        assert [listener.event().event.region for _ in regions] == regions
    assert all(listener.silent(0.3) for listener, _ in listeners)


def test_two_duties_one_above_the_other_deliver_once(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    Duty.objects.create(user=village, role=Role.GRID_WORKER, region_code=CELL, valid_from="2020-01-01")
    listener = dial(server, village).ready()
    raise_fever()
    listener.event()
    assert listener.silent(0.3)


def test_without_a_session_the_socket_says_so_and_closes(server: Server, dial: Dial) -> None:
    for session in (None, "", "no-such-session", "x" * 5000, "é"):
        listener = dial(server, session=session)
        assert listener.error().code == "not_signed_in"
        assert listener.close_code() == 4401


def test_who_must_not_see_alerts_is_told_and_closed(
    server: Server, dial: Dial, village: User, user_with: Callable[..., User]
) -> None:
    listener = dial(server, user_with(Role.AUDITOR, "220521"))
    assert listener.error().code == "forbidden"
    assert listener.close_code() == 4403
    User.objects.filter(pk=village.pk).update(must_change_password=True)
    listener = dial(server, village)
    assert listener.error().code == "password_change_required"
    assert listener.close_code() == 4403


def test_a_bad_after_is_named(server: Server, dial: Dial, village: User) -> None:
    for after in ("-1", "x", "1.5", "1e3", "%EF%BC%99", str(2**63), "9" * 5000, "%00", "0x10"):
        listener = dial(server, village, after=after)
        error = listener.error()
        assert (error.code, error.field) == ("bad_field", "after")
        assert listener.close_code() == 4400


def test_another_origin_is_refused_at_the_door(server: Server, dial: Dial, village: User) -> None:
    for origin in (
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "file:///etc/passwd",
        "http://[",
        f"http://127.0.0.1:{server.port + 1}",
    ):
        with pytest.raises(InvalidStatus) as refused:
            dial(server, village, headers={"Origin": origin})
        assert refused.value.response.status_code == 403, origin
        assert b'"bad_origin"' in (refused.value.response.body or b"")


def test_a_host_that_is_not_ours_is_refused(server: Server, dial: Dial, village: User) -> None:
    for headers in ({}, {"Origin": f"http://evil.example:{server.port}"}):
        with pytest.raises(InvalidStatus) as refused:
            dial(server, village, headers=headers, host="evil.example")
        assert refused.value.response.status_code == 403


def test_our_own_and_trusted_origins_may_come_in(server: Server, dial: Dial, village: User, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://grid.example", "https://*.county.example"]
    own = f"http://127.0.0.1:{server.port}"
    for origin in (own, "https://grid.example", "https://a.county.example"):
        dial(server, village, headers={"Origin": origin}).ready()
    for origin in ("http://grid.example", "https://grid.example.evil"):
        with pytest.raises(InvalidStatus):
            dial(server, village, headers={"Origin": origin})


def test_another_address_is_not_found(server: Server, dial: Dial, village: User) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(server, village, path="/ws/other/")
    assert refused.value.response.status_code == 404


GARBAGE: tuple[tuple[str | bytes, str], ...] = (
    ("", "not_json"),
    ("hello", "not_json"),
    ('{"type":"pong"', "not_json"),
    ("{}", "bad_request"),
    ("[]", "bad_request"),
    ("null", "bad_request"),
    ('{"type":"event"}', "bad_request"),
    ('{"type":7}', "bad_request"),
    ('{"type":"pong","extra":1}', "bad_request"),
    ("[" * 4000, "bad_request"),
    ('{"a":' * 700, "bad_request"),
    (b'{"type":"pong"}', "unsupported_media"),
)


def test_garbage_is_answered_and_the_socket_lives_on(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    listener = dial(server, village).ready()
    for sent, code in GARBAGE:
        listener.connection.send(sent)
        error = listener.error()
        assert error.code == code, sent[:40]
        assert error.message.endswith("。")
        listener.connection.send('{"type":"pong"}')
    raise_fever()
    assert listener.event().event.type == "raised"


def test_an_oversized_frame_closes_the_socket(server: Server, dial: Dial, village: User) -> None:
    listener = dial(server, village).ready()
    listener.connection.send("x" * 5000)
    assert listener.error().code == "too_large"
    assert listener.close_code() == 1009
    listener = dial(server, village).ready()
    listener.connection.send("x" * 100_000)
    # The server itself stops reading here; what it says last may be lost with the bytes it did not read.
    with pytest.raises(ConnectionClosed):
        listener.connection.recv(timeout=10)


def test_patience_with_garbage_ends(server: Server, dial: Dial, village: User) -> None:
    listener = dial(server, village).ready()
    for _ in range(21):
        listener.connection.send("x")
    codes: list[str] = []
    while not codes or codes[-1] == "not_json":
        codes.append(listener.error().code)
    assert codes[-1] == "too_many_requests"
    assert listener.close_code() == 1008


def _revoke_duty(user: User) -> None:
    Duty.objects.filter(user=user).update(revoked_at=timezone.now())
    duties_changed(user.pk)


def _bump_version(user: User) -> None:
    User.objects.filter(pk=user.pk).update(sign_in_version=99)
    duties_changed(user.pk)


def _end_session(user: User) -> None:
    Session.objects.all().delete()
    signed_out(user.pk)


def _disable(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    signed_out(user.pk)


def _revoke_device(user: User) -> None:
    Device.objects.filter(user=user).update(revoked_at=timezone.now())
    signed_out(user.pk)


def test_a_change_of_duties_or_sign_in_says_bye_at_once(
    server: Server, dial: Dial, user_with: Callable[..., User]
) -> None:
    changes = [
        (_revoke_duty, "duties_changed", 4001),
        (_bump_version, "duties_changed", 4001),
        (_end_session, "signed_out", 4003),
        (_disable, "signed_out", 4003),
        (_revoke_device, "signed_out", 4003),
    ]
    for change, bye, close in changes:
        user = user_with(Role.VILLAGE, CELL[:12], change.__name__)
        key = session_of(user)
        Device.objects.create(id=new_id(), user=user, last_seen=timezone.now(), session_key=key)
        listener = dial(server, session=key).ready()
        change(user)
        assert listener.bye().code == bye, change
        assert listener.close_code() == close


def test_a_change_nobody_announced_is_found_at_the_next_heartbeat(
    server: Server, dial: Dial, village: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "HEARTBEAT_SECONDS", 1)
    listener = dial(server, village).ready()
    Duty.objects.filter(user=village).update(valid_to=clock.today() - dt.timedelta(days=2))
    assert listener.bye().code == "duties_changed"
    assert listener.close_code() == 4001


def test_one_users_change_leaves_others_connected(
    server: Server, dial: Dial, village: User, user_with: Callable[..., User], raise_fever: Callable[..., Alert]
) -> None:
    other = dial(server, user_with(Role.TOWNSHIP, CELL[:9])).ready()
    mine = dial(server, village).ready()
    _end_session_of = Session.objects.exclude(pk="").order_by("expire_date").last()
    assert _end_session_of is not None
    _end_session_of.delete()
    signed_out(village.pk)
    assert mine.bye().code == "signed_out"
    raise_fever()
    assert other.event().event.type == "raised"


def test_a_server_that_stops_closes_its_sockets_and_the_next_catches_up(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    from tests.realtime.conftest import _threaded

    listener = dial(server, village).ready()
    raise_fever()
    seen = listener.event().event.seq
    server.stop()
    assert listener.close_code() == 1012
    missed = raise_fever()
    again = _threaded()
    try:
        listener = dial(again, village, after=seen)
        listener.hello()
        assert [frame.event.alert for frame in listener.until_live()] == [str(missed.pk)]
    finally:
        again.stop()


def test_an_idle_socket_is_kept_and_pinged(
    server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    from backend.realtime.catalogue import Ping, decode_server

    listener = dial(server, village).ready()
    pings, end = 0, time.monotonic() + 27
    while (left := end - time.monotonic()) > 0:
        try:
            pings += isinstance(decode_server(listener.connection.recv(timeout=left)), Ping)
        except TimeoutError:
            break
    assert pings >= 1
    raise_fever()
    assert listener.event(2).event.type == "raised"
