"""The short way of an upload: for who may come in beyond doubt, with the same answer and headers; for nobody else."""

import io
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.handlers.base import BaseHandler
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections
from django.middleware.csrf import _get_new_csrf_string
from django.test import AsyncRequestFactory, Client, RequestFactory
from django.test.client import ClientHandler
from django.urls import reverse

from backend.accounts.choices import DEVICE_KEY, Role
from backend.accounts.models import Device, Duty, Session, User
from backend.config import lanes
from backend.config.threads import ThreadedASGIHandler
from backend.config.uploads_first import UploadsFirstHandler
from backend.core import clock
from backend.sync import shortcut
from backend.sync.views import PushView
from backend.visits.models import Visit
from tests.conftest import CELL
from tests.sync.conftest import DEVICE, item

#: Only the ordinary way says which methods it knows.
ORDINARY_ONLY = {"Allow"}


class Door:
    """A phone whose every header counts; `send` posts one visit."""

    def __init__(self, user: User, household: uuid.UUID) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.client.force_login(user, backend="backend.accounts.backends.AccountBackend")
        self.csrf = _get_new_csrf_string()
        self.client.cookies[configured.CSRF_COOKIE_NAME] = self.csrf
        self.household = household

    def upload(self) -> str:
        visit = item("visit", {"household": str(self.household), "outcome": "seen_well"})
        envelope = {"device": str(DEVICE), "api_level": 1, "sent_at": clock.now().isoformat(), "items": [visit]}
        return json.dumps(envelope)

    def send(self, content_type: str = "application/json", **headers: str) -> Any:
        given = {"HTTP_X_CSRFTOKEN": self.csrf, **headers}
        return self.client.post(shortcut.PUSH_PATH, self.upload(), content_type=content_type, **given)


@pytest.fixture
def door(worker: User, household: uuid.UUID) -> Door:
    return Door(worker, household)


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every request that reached the view the ordinary way."""
    seen: list[str] = []
    dispatch = PushView.dispatch

    def watched(self: PushView, request: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(request.method)
        return dispatch(self, request, *args, **kwargs)

    monkeypatch.setattr(PushView, "dispatch", watched)
    return seen


def test_it_stands_at_the_address_of_the_view() -> None:
    assert shortcut.PUSH_PATH == lanes.PUSH_PATH == reverse("sync-push")


def test_who_may_come_in_takes_the_short_way(door: Door, ordinary: list[str]) -> None:
    answer = door.send()
    assert answer.status_code == 200
    assert answer.json()["results"][0]["verdict"] == "created"
    assert ordinary == []


def test_both_ways_answer_alike_with_the_same_headers(
    door: Door, ordinary: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    short = door.send()
    monkeypatch.setattr(ClientHandler, "get_response", BaseHandler.get_response)
    long = door.send()
    assert ordinary == ["POST"]
    assert set(short.json()) == set(long.json())
    assert Visit.objects.count() == 2
    ours, theirs = dict(short.headers), dict(long.headers)
    for name in ORDINARY_ONLY:
        theirs.pop(name, None)
    assert ours.pop("Content-Length") == str(len(short.content))
    assert theirs.pop("Content-Length") == str(len(long.content))
    assert ours == theirs
    assert not short.cookies


Served = tuple[int, dict[str, str], bytes]


def _request(door: Door, factory: RequestFactory) -> Any:
    factory.cookies = door.client.cookies
    headers = {"X-CSRFToken": door.csrf}
    return factory.post(shortcut.PUSH_PATH, door.upload(), content_type="application/json", headers=headers)


def _by_wsgi(door: Door) -> Served:
    began: list[Any] = []
    environ = _request(door, RequestFactory()).environ
    body = UploadsFirstHandler()(environ, lambda *given: began.extend(given))
    return int(began[0].split()[0]), dict(began[1]), b"".join(body)


def _by_asgi(door: Door) -> Served:
    request = _request(door, AsyncRequestFactory())
    answer = ThreadedASGIHandler(threads=1)._respond(request.scope, io.BytesIO(request.body))
    return answer.status_code, dict(answer.headers), answer.content


BY = [_by_wsgi, _by_asgi]


@pytest.fixture
def unclosed() -> Iterator[None]:
    """A handler closes the connection of the test, and with it its transaction, unless it is kept from it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("unclosed")
@pytest.mark.parametrize("by", BY)
def test_both_servers_take_it(door: Door, ordinary: list[str], by: Callable[[Door], Served]) -> None:
    status, headers, body = by(door)
    assert (status, json.loads(body)["results"][0]["verdict"]) == (200, "created")
    assert headers["Content-Length"] == str(len(body))
    assert "default-src" in headers["Content-Security-Policy"]
    assert ordinary == []


def _session_ended(door: Door, user: User) -> dict[str, str]:
    Session.objects.all().delete()
    return {}


def _session_expired(door: Door, user: User) -> dict[str, str]:
    Session.objects.update(expire_date=clock.now())
    return {}


def _password_changed(door: Door, user: User) -> dict[str, str]:
    user.set_password("another-password-9")
    user.save()
    return {}


def _signed_out_everywhere(door: Door, user: User) -> dict[str, str]:
    User.objects.filter(pk=user.pk).update(sign_in_version=user.sign_in_version + 1)
    return {}


def _put_out_of_use(door: Door, user: User) -> dict[str, str]:
    User.objects.filter(pk=user.pk).update(is_active=False)
    return {}


def _first_password(door: Door, user: User) -> dict[str, str]:
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    return {}


def _duty_revoked(door: Door, user: User) -> dict[str, str]:
    Duty.objects.filter(user=user).update(revoked_at=clock.now())
    return {}


def _no_sync(door: Door, user: User) -> dict[str, str]:
    Duty.objects.filter(user=user).update(role=Role.AUDITOR)
    return {}


def _no_token(door: Door, user: User) -> dict[str, str]:
    return {"HTTP_X_CSRFTOKEN": ""}


def _strange_token(door: Door, user: User) -> dict[str, str]:
    return {"HTTP_X_CSRFTOKEN": _get_new_csrf_string()}


def _strange_page(door: Door, user: User) -> dict[str, str]:
    return {"HTTP_ORIGIN": "https://elsewhere.example"}


def _strange_host(door: Door, user: User) -> dict[str, str]:
    return {"HTTP_HOST": "elsewhere.example"}


def _no_json(door: Door, user: User) -> dict[str, str]:
    return {"content_type": "text/plain"}


REFUSED = [
    (_session_ended, 401, "not_signed_in"),
    (_session_expired, 401, "not_signed_in"),
    (_password_changed, 401, "not_signed_in"),
    (_signed_out_everywhere, 401, "not_signed_in"),
    (_put_out_of_use, 401, "not_signed_in"),
    (_first_password, 403, "password_change_required"),
    (_duty_revoked, 403, "forbidden"),
    (_no_sync, 403, "forbidden"),
    (_no_token, 403, "csrf_failed"),
    (_strange_token, 403, "csrf_failed"),
    (_strange_page, 403, "csrf_failed"),
    (_strange_host, 400, "bad_request"),
    (_no_json, 415, "unsupported_media"),
]


@pytest.mark.parametrize(("spoil", "status", "code"), REFUSED, ids=[spoil.__name__[1:] for spoil, *_ in REFUSED])
def test_whoever_is_in_doubt_is_judged_the_ordinary_way(
    door: Door,
    worker: User,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Door, User], dict[str, str]],
    status: int,
    code: str,
) -> None:
    def not_here(*_: object, **__: object) -> None:
        raise AssertionError("an upload in doubt was taken the short way")

    monkeypatch.setattr(shortcut, "batch_store", not_here)
    answer = door.send(**spoil(door, worker))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Visit.objects.exists()


@pytest.mark.usefixtures("unclosed")
@pytest.mark.parametrize("by", BY)
def test_what_was_read_already_is_read_again_the_ordinary_way(
    door: Door, ordinary: list[str], settings: Any, by: Callable[[Door], Served]
) -> None:
    """A session of the secret before this one is in doubt only once its upload was read; the view then takes it."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-than-the-one-that-signed-this-session"
    status, _, body = by(door)
    assert (status, ordinary) == (200, ["POST"]), body
    assert Visit.objects.count() == 1


def test_what_must_come_by_https_is_sent_there(door: Door, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut, "_found_headers", {})
    settings.SECURE_SSL_REDIRECT = True
    door.client = _anew(door.client)
    answer = door.send()
    assert (answer.status_code, answer["Location"]) == (301, f"https://testserver{shortcut.PUSH_PATH}")
    assert door.send(HTTP_HOST="elsewhere.example").status_code == 400
    assert not Visit.objects.exists()


def _anew(client: Client) -> Client:
    """The same cookies in a client whose middleware is loaded anew."""
    other = Client(enforce_csrf_checks=True)
    other.cookies = client.cookies
    return other


@pytest.mark.parametrize("body", [b"{", b"\x1f\x8b", b'{"device": 1}'])
def test_a_body_that_cannot_be_read_is_refused_the_ordinary_way(door: Door, ordinary: list[str], body: bytes) -> None:
    answer = door.client.post(shortcut.PUSH_PATH, body, content_type="application/json", HTTP_X_CSRFTOKEN=door.csrf)
    assert (answer.status_code, ordinary) == (400, ["POST"])


def test_a_device_put_out_of_use_is_turned_away(door: Door, worker: User, ordinary: list[str]) -> None:
    Device.objects.create(id=DEVICE, user=worker, last_seen=clock.now(), revoked_at=clock.now())
    session = door.client.session
    session[DEVICE_KEY] = str(DEVICE)
    session.save()
    answer = door.send()
    assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")
    assert ordinary == []


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [(OperationalError(f"a row of {CELL}"), 503, "unavailable"), (ValueError("王小明"), 500, "internal")],
)
def test_what_breaks_leaves_in_the_one_shape(
    door: Door, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(shortcut, "batch_store", breaks)
    answer = door.send()
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert str(raised) not in answer.content.decode()


def test_no_connection_stays_with_the_thread(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are fewer connections than threads."""
    closed: list[bool] = []
    monkeypatch.setattr(shortcut, "close_old_connections", lambda: closed.append(True))
    assert door.send().status_code == 200
    assert door.send(HTTP_X_CSRFTOKEN="").status_code == 403
    monkeypatch.setattr(shortcut, "batch_store", lambda **_: 1 / 0)
    assert door.send().status_code == 500
    assert len(closed) == 3
