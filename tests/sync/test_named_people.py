"""A visit that names people: whom it may name, and that their code follows with the upload."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from backend.accounts.choices import Role
from backend.core import clock
from backend.health.models import CodeStatus
from backend.residents.services import person_move
from backend.returnees.services import returnee_register
from tests.conftest import OTHER_CELL
from tests.health.conftest import document, returnee_fields
from tests.sync.conftest import DEVICE, households_in, item

Push = Callable[..., dict[str, Any]]


def unwell(household: uuid.UUID, person: Any) -> dict[str, Any]:
    people = [{"person": str(person), "temperature": 38.6}]
    return item("visit", {"household": str(household), "outcome": "seen_unwell", "people": people})


def test_a_fever_of_a_returnee_of_the_same_batch_is_the_reason_of_his_code(push: Push, household: uuid.UUID) -> None:
    person = uuid.uuid4()
    registration = item(
        "returnee",
        {
            "person": str(person), "name": "李大山", "phone": "12900001234", "document_type": "id_card",
            "document_number": document(), "arrived_on": clock.today().isoformat(), "origin": "2201",
            "region": "220521901901901", "household": str(household),
        },
    )  # fmt: skip
    answer = push(unwell(household, person), registration)
    assert [r["verdict"] for r in answer["results"]] == ["created", "created"]
    assert "入户走访体温38.6℃" in CodeStatus.objects.get(person_id=person).reason


def test_nobody_outside_the_senders_cells_can_be_named(push: Push, household: uuid.UUID) -> None:
    foreign = returnee_register(**returnee_fields(region_code=OTHER_CELL)).person_id
    [result] = push(unwell(household, foreign))["results"]
    assert (result["verdict"], result["code"], result["field"]) == (
        "rejected", "unknown_person", "body.people[0].person",
    )  # fmt: skip
    assert "健康监测期内" in CodeStatus.objects.get(person_id=foreign).reason


def test_a_record_about_somebody_who_moved_away_meanwhile_is_taken(push: Push, household: uuid.UUID) -> None:
    person = returnee_register(**returnee_fields()).person_id
    person_move(person_id=person, to_region=OTHER_CELL, actor=None, address="西街3号")
    assert push(unwell(household, person))["results"][0]["verdict"] == "created"
    assert "入户走访" in CodeStatus.objects.get(person_id=person).reason


@pytest.mark.django_db(transaction=True)
def test_uploads_that_speak_of_the_same_people_crosswise_both_pass(
    user_with: Any, client_of: Any, policies: None
) -> None:
    """A visit of one with a check of the other, twenty times at once: in line, never in a ring."""
    worker = user_with(Role.GRID_WORKER, "220521901901901", "worker")
    home = households_in("220521901901901", 1)[0]
    pair = [returnee_register(**returnee_fields()).person_id for _ in range(2)]
    statuses: list[int] = []

    def send(first: uuid.UUID, second: uuid.UUID) -> None:
        try:
            client = client_of(worker)
            for _ in range(10):
                check = {"person": str(second), "session": "morning", "method": "door", "symptoms": ["fever"]}
                batch = {
                    "device": DEVICE, "api_level": 1, "sent_at": clock.now().isoformat(),
                    "items": [unwell(home, first), item("check", check)],
                }  # fmt: skip
                statuses.append(client.post("/api/v1/sync/push/", batch, format="json").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=order) for order in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
