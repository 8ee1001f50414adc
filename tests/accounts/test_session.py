"""The session API: signing in and out, refusals, devices, and what ends a session."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from backend.accounts.choices import Role
from backend.accounts.models import Device, Duty, User
from backend.accounts.services import device_revoke, duty_revoke, sessions_end, user_suspend
from tests.conftest import CELL

PASSWORD = "a-good-password"
URL = "/api/v1/session/"


@pytest.fixture
def worker(user_with: Callable[..., User]) -> User:
    return user_with(Role.GRID_WORKER, CELL, "grid")


@pytest.fixture
def phone() -> Client:
    return Client(enforce_csrf_checks=True)


def sign_in(client: Client, username: str = "grid", password: str = PASSWORD, **extra: Any) -> Any:
    headers = extra.pop("headers", None)
    body = {"username": username, "password": password, **extra}
    return client.post(URL, json.dumps(body), content_type="application/json", headers=headers)


def test_sign_in_answers_who_and_where(worker: User, phone: Client) -> None:
    answer = sign_in(phone)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {
        "user", "roles", "duties", "capabilities", "api_level", "csrf", "server_time", "must_change_password",
    }  # fmt: skip
    assert body["user"] == {"id": worker.pk, "username": "grid", "name": "网格员"}
    assert body["roles"] == [{"role": "grid_worker", "label": "网格员"}]
    duty = body["duties"][0]
    assert (duty["region"], duty["region_name"], duty["level"], duty["to"]) == (CELL, "第一网格", "grid", None)
    assert "visit_record" in body["capabilities"]
    assert body["api_level"] == 1
    assert body["must_change_password"] is False
    again = phone.get(URL).json()
    assert again["user"] == body["user"]


def test_csrf_token_of_the_answer_opens_writes(worker: User, phone: Client) -> None:
    csrf = sign_in(phone).json()["csrf"]
    assert phone.delete(URL).json()["code"] == "csrf_failed"
    assert phone.delete(URL, headers={"X-CSRFToken": csrf}).status_code == 204
    assert phone.get(URL).status_code == 401


def test_signing_in_again_needs_no_token(worker: User, phone: Client) -> None:
    assert sign_in(phone).status_code == 200
    assert sign_in(phone).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://testserver", 200),
        ("https://testserver", 200),
        ("http://trusted.example", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://testserver.evil.example", 403),
        ("http://[broken", 403),
    ],
)
def test_origin_is_checked_when_present(worker: User, phone: Client, settings: Any, origin: str, status: int) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["http://trusted.example"]
    answer = sign_in(phone, headers={"Origin": origin})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "bad_origin"


def test_wrong_password_and_unknown_name_look_the_same(worker: User, phone: Client) -> None:
    wrong = sign_in(phone, password="wrong-password")
    unknown = sign_in(phone, username="nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json() == {"code": "bad_credentials", "message": "用户名或密码不正确。"}


def test_lockout_takes_account_and_address_together(
    worker: User, user_with: Callable[..., User], phone: Client
) -> None:
    user_with(Role.GRID_WORKER, CELL, "other")
    statuses = [sign_in(phone, password="wrong-password").status_code for _ in range(6)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    locked = sign_in(phone)
    assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
    assert sign_in(phone, username="other").status_code == 200
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert sign_in(elsewhere).status_code == 200


def test_two_hundred_people_of_one_address_sign_in(db: None, user_with: Callable[..., User]) -> None:
    made = user_with(Role.GRID_WORKER, CELL, "w0")
    User.objects.bulk_create([
        User(username=f"w{n}", display_name="网格员", password=made.password) for n in range(1, 200)
    ])  # fmt: skip
    assert {sign_in(Client(), username=f"w{n}").status_code for n in range(200)} == {200}


@pytest.mark.parametrize(
    ("raw", "kind", "status", "code", "field"),
    [
        ("{", "application/json", 400, "not_json", None),
        ("NaN", "application/json", 400, "not_json", None),
        ("[]", "application/json", 400, "bad_request", None),
        ('"x"', "application/json", 400, "bad_request", None),
        ("", "application/json", 400, "missing_field", "username"),
        ('{"username":"a"}', "application/json", 400, "missing_field", "password"),
        ('{"username":1,"password":[]}', "application/json", 400, "bad_field", "password"),
        ('{"username":"a","password":"b","x":1}', "application/json", 400, "unknown_field", "x"),
        ('{"username":"a\\u0000","password":"b"}', "application/json", 400, "bad_field", "username"),
        ('{"username":"\\ud800","password":"b"}', "application/json", 400, "bad_field", "username"),
        ('{"username":"a","password":"b","device":{"id":"no"}}', "application/json", 400, "bad_field", "device.id"),
        ('{"username":"a","password":"b","device":{"x":1}}', "application/json", 400, "unknown_field", "device.x"),
        ('{"username":"' + "a" * 70000 + '"}', "application/json", 413, "too_large", None),
        ("[" * 30000, "application/json", 400, "not_json", None),
        ("username=a&password=b", "application/x-www-form-urlencoded", 415, "unsupported_media", None),
        ("username=a", "text/plain", 415, "unsupported_media", None),
    ],
)
def test_bad_bodies(db: None, phone: Client, raw: str, kind: str, status: int, code: str, field: str | None) -> None:
    answer = phone.post(URL, raw.encode("utf-8", "surrogatepass"), content_type=kind)
    body = answer.json()
    assert (answer.status_code, body["code"], body.get("field")) == (status, code, field)
    assert body["message"]


def test_not_signed_in(db: None, phone: Client) -> None:
    for answer in (phone.get(URL), phone.delete(URL), phone.get("/api/v1/devices/")):
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_device_is_registered_listed_and_revoked(worker: User) -> None:
    phone, device = Client(), str(uuid.uuid4())
    assert sign_in(phone, device={"id": device, "name": "红米 9A"}).status_code == 200
    rows = phone.get("/api/v1/devices/").json()["devices"]
    assert [(r["id"], r["name"], r["current"]) for r in rows] == [(device, "红米 9A", True)]
    other = Client()
    sign_in(other)
    assert other.delete(f"/api/v1/devices/{device}/").status_code == 204
    assert other.delete(f"/api/v1/devices/{device}/").status_code == 204
    assert phone.get(URL).status_code == 401, "the revoked device's session has ended"
    assert other.get(URL).status_code == 200, "other sessions go on"
    refused = sign_in(phone, device={"id": device})
    assert (refused.status_code, refused.json()["code"]) == (403, "device_revoked")


def test_a_phone_is_in_one_persons_hands(worker: User, user_with: Callable[..., User]) -> None:
    user_with(Role.GRID_WORKER, CELL, "next")
    device = str(uuid.uuid4())
    first, second = Client(), Client()
    sign_in(first, device={"id": device})
    sign_in(second, username="next", device={"id": device})
    assert first.get(URL).status_code == 401
    assert Device.objects.get().user.username == "next"


def test_nobody_revokes_a_strangers_device(worker: User, user_with: Callable[..., User], client_of: Any) -> None:
    device = str(uuid.uuid4())
    sign_in(Client(), device={"id": device})
    stranger = client_of(user_with(Role.TOWNSHIP, "220521902"))
    assert stranger.delete(f"/api/v1/devices/{device}/").status_code == 404
    village = client_of(user_with(Role.VILLAGE, "220521901901"))
    assert village.delete(f"/api/v1/devices/{device}/").status_code == 404
    township = user_with(Role.TOWNSHIP, "220521901")
    assert device_revoke(actor=township, device_id=uuid.UUID(device)).revoked_at is not None


def test_sign_out_everywhere(worker: User) -> None:
    phones = [Client() for _ in range(3)]
    for phone in phones:
        sign_in(phone)
    assert phones[0].delete("/api/v1/session/all/").status_code == 204
    assert {phone.get(URL).status_code for phone in phones} == {401}


def test_a_new_sign_in_version_ends_sessions(worker: User, phone: Client) -> None:
    sign_in(phone)
    sessions_end(user=worker, actor=None)
    assert phone.get(URL).status_code == 401


def test_a_suspended_account_is_out_at_once(worker: User, user_with: Callable[..., User], phone: Client) -> None:
    sign_in(phone)
    boss = user_with(Role.TOWNSHIP, CELL[:9])
    user_suspend(actor=boss, user=worker, suspended=True)
    assert phone.get(URL).status_code == 401
    assert sign_in(phone).json()["code"] == "bad_credentials"
    user_suspend(actor=boss, user=worker, suspended=False)
    assert sign_in(phone).status_code == 200


def test_a_revoked_duty_takes_its_capabilities_but_not_the_session(worker: User, phone: Client) -> None:
    sign_in(phone)
    duty_revoke(actor=None, duty=Duty.objects.get(user=worker))
    body = phone.get(URL).json()
    assert body["duties"] == []
    assert body["capabilities"] == []


def test_password_change_keeps_this_session_only(worker: User) -> None:
    here, there = Client(), Client()
    device = str(uuid.uuid4())
    sign_in(here, device={"id": device})
    sign_in(there)
    url = "/api/v1/session/password/"

    def change(old: str, new: str) -> Any:
        return here.post(url, json.dumps({"old": old, "new": new}), content_type="application/json")

    assert (change("wrong", "another-good-one").status_code, change("wrong", "x").json()["field"]) == (401, "old")
    assert change(PASSWORD, "12345678").json()["code"] == "weak_password"
    assert change(PASSWORD, PASSWORD).json()["code"] == "weak_password"
    assert change(PASSWORD, "another-good-one").status_code == 204
    assert here.get(URL).status_code == 200
    assert there.get(URL).status_code == 401
    assert sign_in(Client(), password="another-good-one").status_code == 200
    device_revoke(actor=worker, device_id=uuid.UUID(device))
    assert here.get(URL).status_code == 401, "the device is still bound to the session that went on"


def test_password_must_be_changed_first(worker: User, phone: Client) -> None:
    User.objects.update(must_change_password=True)
    body = sign_in(phone).json()
    assert body["must_change_password"] is True
    assert phone.get("/api/v1/devices/").json()["code"] == "password_change_required"
    change = {"old": PASSWORD, "new": "another-good-one"}
    answer = phone.post(
        "/api/v1/session/password/", json.dumps(change), content_type="application/json",
        headers={"X-CSRFToken": body["csrf"]},
    )  # fmt: skip
    assert answer.status_code == 204
    assert phone.get("/api/v1/devices/").status_code == 200


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_body_that_is_no_form_is_no_fault(worker: User, phone: Client, kind: str) -> None:
    csrf = sign_in(phone).json()["csrf"]
    answer = phone.post(
        "/api/v1/session/password/", b"--x\r\nrubbish", content_type=kind, headers={"X-CSRFToken": csrf}
    )
    assert 400 <= answer.status_code < 500
    assert answer.json()["message"]
