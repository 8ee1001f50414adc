"""The same upload from several connections at once, and a database that refuses one item of many."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from django.db import DataError, connection, transaction

from backend.accounts.models import User
from backend.core import clock
from backend.core.errors import ApiError
from backend.facts.models import SyncItem
from backend.residents.choices import HandOverReason, HandOverState
from backend.residents.models import Household
from backend.residents.services import cells_merge, handover_answer, handover_offer
from backend.sync import services
from backend.sync.shapes import Envelope
from backend.visits.models import Visit
from tests.conftest import CELL
from tests.residents.factories import SECOND_CELL
from tests.sync.conftest import DEVICE, households_in, item

THIRD_CELL = f"{CELL[:12]}903"

# A pull waits for every older transaction of the whole cluster, those of other databases among them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]


def envelope(items: list[dict[str, Any]]) -> Envelope:
    return msgspec.json.decode(
        msgspec.json.encode({"device": DEVICE, "api_level": 1, "sent_at": clock.now(), "items": items}), type=Envelope
    )


def test_five_copies_at_once_are_one_record_each(worker: User) -> None:
    homes = households_in(CELL, 40)
    items = [item("visit", {"household": str(home), "outcome": "seen_well"}) for home in homes]
    start = threading.Barrier(5)
    answers: list[services.Pushed] = []

    def send(order: int) -> None:
        try:
            mine = items if order % 2 else list(reversed(items))
            start.wait()
            answers.append(services.batch_push(user=worker, envelope=envelope(mine)))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 5
    created = sum(answer.counts["created"] for answer in answers)
    duplicates = sum(answer.counts["duplicate"] for answer in answers)
    assert (created, duplicates) == (40, 160)
    assert Visit.objects.count() == SyncItem.objects.count() == 40


@pytest.mark.parametrize("others", [0, 1, 3])
def test_an_id_claimed_after_the_ledger_was_asked(worker: User, others: int) -> None:
    """Mechanism: the refused claim is followed by asking anew. Without it, the stored one would come back refused."""
    homes = households_in(CELL, 1 + others)
    items = [item("visit", {"household": str(home), "outcome": "seen_well"}) for home in homes]
    real = services.resolve

    def overtaken(*args: Any, **kwargs: Any) -> None:
        with patch.object(services, "resolve", real):
            thread = threading.Thread(target=send)
            thread.start()
            thread.join(30)
        real(*args, **kwargs)

    def send() -> None:
        try:
            services.batch_push(user=worker, envelope=envelope(items[:1]))
        finally:
            connection.close()

    with patch.object(services, "resolve", overtaken):
        pushed = services.batch_push(user=worker, envelope=envelope(items))
    assert [result.verdict for result in pushed.results] == ["duplicate"] + ["created"] * others
    assert Visit.objects.count() == SyncItem.objects.count() == 1 + others


def test_one_poisonous_item_spoils_no_other(worker: User) -> None:
    homes = households_in(CELL, 20)
    items = [item("visit", {"household": str(home), "outcome": "seen_well"}) for home in homes]
    poison = uuid.UUID(items[7]["id"])
    real: Callable[..., None] = services.store_facts

    def store(claimed: Any, **kwargs: Any) -> None:
        if any(entry.id == poison for entry in claimed):
            raise DataError("refused")
        real(claimed, **kwargs)

    with patch.object(services, "store_facts", store):
        pushed = services.batch_push(user=worker, envelope=envelope(items))
    refused = [result for result in pushed.results if result.verdict != "created"]
    assert [(result.id, result.code) for result in refused] == [(poison, "storage_refused")]
    assert Visit.objects.count() == 19


def test_a_household_registered_while_its_cell_is_merged_lands_in_the_other(worker: User) -> None:
    """The upload has seen the cell open; before it writes, the cell is merged. It waits, and comes again."""
    home = uuid.uuid4()
    body = {"household": str(home), "region": CELL, "address": "新楼1号", "head_name": "新户主", "headcount": 2}
    sent = envelope([item("household", body)])
    merged, asked = threading.Event(), threading.Event()
    real = services.resolve

    def resolved(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        asked.set()
        merged.wait(30)

    refused: list[ApiError] = []

    def send() -> None:
        try:
            services.batch_push(user=worker, envelope=sent)
        except ApiError as error:
            refused.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=send)
    with patch.object(services, "resolve", resolved):
        with transaction.atomic():
            cells_merge(code=CELL, into=SECOND_CELL, expected=0, keep_duties=True, actor=None)
            thread.start()
            asked.wait(30)
            merged.set()
            until_somebody_waits()
        thread.join(30)
    assert [error.code.code for error in refused] == ["unavailable"]
    assert not Household.objects.exists()
    again = User.objects.get(pk=worker.pk)
    assert services.batch_push(user=again, envelope=sent).counts["created"] == 1
    assert Household.objects.get(pk=home).region_code == SECOND_CELL


def test_a_household_accepted_while_the_cell_is_merged_lands_in_the_other(worker: User) -> None:
    """A village was asked, and a worker accepts for his cell, which is merged at this moment: he waits for the end."""
    (home,) = households_in(THIRD_CELL, 1)
    offered = handover_offer(
        id=uuid.uuid4(), household_id=home, to_region=CELL[:12], reason=HandOverReason.WRONG_CELL, actor=worker
    )  # fmt: skip
    answered: list[str] = []
    begun = threading.Event()

    def accept() -> None:
        try:
            connection.ensure_connection()
            begun.set()
            taken = handover_answer(
                handover_id=offered.pk, answer=HandOverState.ACCEPTED, region=CELL, actor=worker
            )  # fmt: skip
            answered.append(taken.cell)
        finally:
            connection.close()

    thread = threading.Thread(target=accept)
    with transaction.atomic():
        cells_merge(code=CELL, into=SECOND_CELL, expected=0, keep_duties=True, actor=None)
        thread.start()
        # Who is connected is looked up once in a transaction.
        begun.wait(30)
        until_somebody_waits()
    thread.join(30)
    assert answered == [SECOND_CELL]
    assert Household.objects.get(pk=home).region_code == SECOND_CELL


def until_somebody_waits() -> None:
    """Until another connection of this database waits for one of our locks."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("the upload never waited")
