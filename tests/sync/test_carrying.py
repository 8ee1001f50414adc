"""Records carried in by hand: opened by the right people only, stored exactly once, never half."""

import base64
import datetime as dt
import gzip
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Device, Duty, User
from backend.audit.models import AuditEntry
from backend.core import clock, signing
from backend.core.errors import ApiError, ErrorCode
from backend.core.ids import new_id
from backend.sync.carrying import carried_accept
from backend.sync.models import CarriedFile
from backend.visits.models import Visit
from tests.conftest import CELL, OTHER_CELL
from tests.sync.carried import carried_file, packed_records, sealed_file
from tests.sync.conftest import DEVICE, item

pytestmark = pytest.mark.django_db
CARRIED = "/api/v1/sync/carried/"


@pytest.fixture
def keys(phone: APIClient) -> dict[str, Any]:
    return phone.get("/api/v1/sync/keys/", {"device": DEVICE}).json()


@pytest.fixture
def village(client_of: Callable[[User], APIClient], user_with: Callable[..., User]) -> APIClient:
    return client_of(user_with(Role.VILLAGE, CELL[:12], "village"))


@pytest.fixture
def records(household: uuid.UUID) -> list[dict[str, Any]]:
    return [item("visit", {"household": str(household), "outcome": "seen_well"}, seq=n + 1) for n in range(3)]


def test_a_supervisor_brings_a_file_and_its_records_are_the_authors(
    keys: dict[str, Any], village: APIClient, worker: User, records: list[dict[str, Any]]
) -> None:
    answer = village.post(CARRIED, carried_file(keys, DEVICE, records), format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["counts"]["created"] == 3
    assert set(Visit.objects.values_list("author_id", flat=True)) == {worker.pk}
    assert "household" not in answer.content.decode()
    entry = AuditEntry.objects.get(action="sync.carry")
    assert entry.detail["created"] == 3


def test_twice_by_hand_and_once_by_network_is_once(
    keys: dict[str, Any], village: APIClient, push: Callable[..., Any], records: list[dict[str, Any]]
) -> None:
    file = carried_file(keys, DEVICE, records)
    village.post(CARRIED, file, format="json")
    again = village.post(CARRIED, file, format="json").json()
    assert again["counts"] == {"created": 0, "duplicate": 3, "conflict": 0, "rejected": 0}
    assert {each["verdict"] for each in push(*records)["results"]} == {"duplicate"}
    assert Visit.objects.count() == 3
    assert CarriedFile.objects.values_list("created", "times").get() == (3, 2)


def test_the_author_may_bring_his_own_file(keys: dict[str, Any], phone: APIClient, records: list[Any]) -> None:
    assert phone.post(CARRIED, carried_file(keys, DEVICE, records), format="json").json()["counts"]["created"] == 3


@pytest.mark.parametrize(("role", "region"), [(Role.GRID_WORKER, CELL), (Role.VILLAGE, OTHER_CELL[:12])])
def test_the_wrong_person_is_turned_away_and_nothing_is_stored(
    role: Role, region: str, keys: dict[str, Any], client_of: Callable[[User], APIClient],
    user_with: Callable[..., User], records: list[Any],
) -> None:  # fmt: skip
    stranger = client_of(user_with(role, region, "stranger"))
    answer = stranger.post(CARRIED, carried_file(keys, DEVICE, records), format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "carried_not_yours")
    assert not Visit.objects.exists()
    assert not CarriedFile.objects.exists()


@pytest.mark.parametrize("name", ["point", "nonce", "sealed"])
def test_a_file_altered_by_a_byte_is_damaged(
    name: str, keys: dict[str, Any], village: APIClient, records: list[Any]
) -> None:
    file = carried_file(keys, DEVICE, records)
    data = bytearray(base64.b64decode(file[name]))
    data[len(data) // 2] ^= 1
    answer = village.post(CARRIED, {**file, name: base64.b64encode(bytes(data)).decode()}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "carried_damaged")
    assert not Visit.objects.exists()


def test_a_file_bent_into_another_is_damaged(keys: dict[str, Any], village: APIClient, records: list[Any]) -> None:
    """Whoever knows what lies in a file could make another of it, of the same length, were it only enciphered."""
    made_at = clock.now().isoformat()
    others = [records[0] | {"seq": 9}, *records[1:]]
    known, wanted = (packed_records(keys, DEVICE, each, level=0, made_at=made_at) for each in (records, others))
    file = sealed_file(keys, known)
    enciphered, tag = base64.b64decode(file["sealed"])[: len(known)], base64.b64decode(file["sealed"])[len(known) :]
    bent = bytes(a ^ b ^ c for a, b, c in zip(enciphered, known, wanted, strict=True)) + tag
    answer = village.post(CARRIED, {**file, "sealed": base64.b64encode(bent).decode()}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "carried_damaged")
    assert not Visit.objects.exists()


def test_half_a_file_no_file_and_a_foreign_file_are_told_apart(
    keys: dict[str, Any], village: APIClient, records: list[Any]
) -> None:
    file = carried_file(keys, DEVICE, records)
    half = {**file, "sealed": file["sealed"][: len(file["sealed"]) // 8 * 4]}
    for body in (half, {}, {"gridkeeper": "carried"}, [1], {**file, "v": 2}, {**file, "more": 1}):
        answer = village.post(CARRIED, body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (400, "carried_damaged"), body
    answer = village.post(CARRIED, {**file, "key": "0123456789abcdef"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "carried_elsewhere")
    answer = village.post(CARRIED, "x", content_type="text/plain")
    assert answer.status_code == 415


def test_a_ticket_of_another_phone_or_none_opens_nothing(
    keys: dict[str, Any], village: APIClient, records: list[Any]
) -> None:
    for changes in ({"device": str(new_id())}, {"ticket": base64.b64encode(b"x" * 60).decode()}, {"ticket": ""}):
        answer = village.post(CARRIED, carried_file(keys, DEVICE, records, **changes), format="json")
        assert (answer.status_code, answer.json()["code"]) == (400, "carried_damaged")


def test_a_small_file_does_not_become_a_large_one(keys: dict[str, Any], village: APIClient) -> None:
    bomb = sealed_file(keys, gzip.compress(b" " * (17 * 1024 * 1024)))
    answer = village.post(CARRIED, bomb, format="json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_file_from_a_device_out_of_use_waits_for_somebody_who_may_say_so(
    keys: dict[str, Any], village: APIClient, worker: User, user_with: Callable[..., User], records: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    Device.objects.update_or_create(
        pk=DEVICE, defaults={"user": worker, "last_seen": clock.now(), "revoked_at": clock.now()}
    )
    file = carried_file(keys, DEVICE, records)
    answer = village.post(CARRIED, file, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "carried_revoked")
    assert not Visit.objects.exists()
    content = json.dumps(file).encode()
    with pytest.raises(ApiError) as refusal:
        carried_accept(courier=User.objects.get(username="village"), content=content, accept_revoked=True)
    assert refusal.value.code is ErrorCode.CARRIED_REVOKED
    township = user_with(Role.TOWNSHIP, CELL[:9], "township")
    assert carried_accept(courier=township, content=content, accept_revoked=True).counts["created"] == 3


def test_the_phones_clock_error_is_the_one_it_knew_when_it_sealed(
    keys: dict[str, Any], village: APIClient, household: uuid.UUID
) -> None:
    wrong = clock.now() - dt.timedelta(days=3)
    record = item("visit", {"household": str(household), "outcome": "seen_well"}, observed_at=wrong.isoformat())
    file = carried_file(keys, DEVICE, [record], made_at=wrong.isoformat(), skew_seconds=3 * 86400)
    assert village.post(CARRIED, file, format="json").json()["counts"]["created"] == 1
    stored = Visit.objects.get()
    assert stored.business_day == clock.today()
    assert not stored.doubtful


def test_a_bad_item_spoils_no_other_and_is_kept(
    keys: dict[str, Any], village: APIClient, records: list[dict[str, Any]]
) -> None:
    bad = item("visit", {"household": str(new_id()), "outcome": "seen_well"})
    answer = village.post(CARRIED, carried_file(keys, DEVICE, [*records, bad, "garbage"]), format="json").json()
    assert (answer["counts"]["created"], answer["counts"]["rejected"]) == (3, 2)


def test_more_than_one_batch_is_taken_in_whole(keys: dict[str, Any], village: APIClient, household: uuid.UUID) -> None:
    many = [item("visit", {"household": str(household), "outcome": "nobody_home"}, seq=n + 1) for n in range(620)]
    answer = village.post(CARRIED, carried_file(keys, DEVICE, many), format="json").json()
    assert (answer["items"], answer["counts"]["created"]) == (620, 620)


def test_a_worker_whose_duty_has_ended_is_still_somebodys(
    keys: dict[str, Any], village: APIClient, worker: User, records: list[Any]
) -> None:
    Duty.objects.filter(user=worker).update(valid_to=clock.today() - dt.timedelta(days=1))
    old = [{**record, "observed_at": (clock.now() - dt.timedelta(days=2)).isoformat()} for record in records]
    answer = village.post(CARRIED, carried_file(keys, DEVICE, old), format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["counts"]["created"] == 3


def test_the_keys_ask_for_a_device_of_ones_own(phone: APIClient, user_with: Callable[..., User]) -> None:
    other = Device.objects.create(pk=new_id(), user=user_with(Role.GRID_WORKER, CELL, "other"), last_seen=clock.now())
    assert phone.get("/api/v1/sync/keys/", {"device": str(other.pk)}).json()["code"] == "not_found"
    assert phone.get("/api/v1/sync/keys/").json()["code"] == "missing_field"
    assert phone.get("/api/v1/sync/keys/", {"device": "x"}).json()["code"] == "bad_field"


def test_signatures_and_seals_hold_only_what_they_were_made_for() -> None:
    assert not signing.is_signed("a", signing.sign("b"))
    point, nonce, sealed = signing.seal_for_carrying(b"x", recipient=signing.public_key(signing.CARRY))
    assert signing.open_carried(point=point, nonce=nonce, sealed=sealed) == b"x"
    with pytest.raises(signing.NotForUsError):
        signing.open_carried(point=b"\4" + point[1:-1], nonce=nonce, sealed=sealed)
