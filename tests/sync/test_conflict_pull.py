"""Conflicts on their way to phones, and edits from several connections at once."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock
from backend.residents.models import Household
from backend.residents.services import household_create, household_move
from backend.sync import services
from backend.sync.models import EditConflict
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import HEAD, SECOND_CELL
from tests.residents.factories import household as household_input
from tests.sync.edits import Push, choice, edit, office_edits, pulled, said
from tests.sync.test_concurrency import envelope

# A pull waits for every older transaction of the whole cluster, those of other databases among them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]


def test_it_is_pulled_while_it_is_open(
    push: Push, phone: APIClient, neighbour: APIClient, door: Household, clash: str,
    client_of: Callable[[User], APIClient], user_with: Callable[..., User],
) -> None:  # fmt: skip
    (change,), cursor = pulled(phone)
    data = change["data"]
    entry = EditConflict.objects.get()
    assert (change["op"], data["id"], data["kind"], data["target"]) == ("put", clash, "household_edit", str(door.pk))
    told = {"id", "kind", "target", "region", "place", "author_name", "mine", "made_at", "version", "fields"}
    assert set(data) == told
    assert (data["region"], data["place"], data["mine"], data["author_name"]) == (CELL, door.place, True, "网格员")
    assert data["fields"] == entry.fields
    assert set(data["fields"][0]) == {"field", "mine", "theirs", "theirs_by", "theirs_at"}
    (seen,), _ = pulled(neighbour)
    assert seen["data"]["mine"] is False
    assert pulled(client_of(user_with(Role.GRID_WORKER, OTHER_CELL, "far")))[0] == []
    push(choice(clash, headcount="mine", phone="theirs"), client=neighbour)
    bare, ended = pulled(phone, cursor)[0]
    assert [(c["op"], c["id"]) for c in (bare, ended)] == [("delete", clash)] * 2
    assert "data" not in bare
    assert (ended["data"]["state"], ended["data"]["by"], ended["data"]["mine"]) == ("chosen", "村（居）委会", False)
    assert ended["data"]["choices"] == {"headcount": "mine", "phone": "theirs"}
    # To its author with a first download too, for a month; to nobody else.
    assert [(c["op"], c["id"]) for c in pulled(phone)[0]] == [("delete", clash)]
    assert pulled(neighbour)[0] == []
    EditConflict.objects.update(chosen_at=clock.now() - dt.timedelta(days=32))
    assert pulled(phone)[0] == []


def test_its_author_keeps_it_when_the_cell_is_no_longer_his(
    push: Push, phone: APIClient, worker: User, door: Household, clash: str, neighbour: APIClient
) -> None:
    Duty.objects.filter(user=worker).update(region_code=SECOND_CELL)
    (change,), cursor = pulled(phone)
    assert (change["op"], change["data"]["mine"]) == ("put", True)
    assert not [c for c in phone.get("/api/v1/sync/pull/").json()["changes"] if c["kind"] == "household"]
    push(choice(clash, headcount="theirs", phone="theirs"), client=neighbour)
    assert [(c["op"], c["data"]["by"]) for c in pulled(phone, cursor)[0]] == [("delete", "村（居）委会")]


def test_it_goes_along_with_the_household(
    push: Push, phone: APIClient, door: Household, clash: str,
    client_of: Callable[[User], APIClient], user_with: Callable[..., User],
) -> None:  # fmt: skip
    next_door = client_of(user_with(Role.GRID_WORKER, SECOND_CELL, "next"))
    _, cursor = pulled(phone)
    _, theirs = pulled(next_door)
    household_move(household_id=door.pk, to_region=SECOND_CELL, actor=None)
    # Taken from the cell, and given to its author wherever it lies, in this order.
    assert [(c["op"], c["id"]) for c in pulled(phone, cursor)[0]] == [("delete", clash), ("put", clash)]
    assert [(c["op"], c["id"]) for c in pulled(next_door, theirs)[0]] == [("put", clash)]
    assert said(push(choice(clash, headcount="mine", phone="mine"), client=next_door)) == [("created", None)]


def test_no_name_leaves_in_the_plain(push: Push, phone: APIClient, door: Household) -> None:
    office_edits(door, head_name="赵钱孙")
    push(edit("household", door.pk, {"head_name": "周吴郑"}))
    pulled = phone.get("/api/v1/sync/pull/").content.decode()
    assert "周*" in pulled
    assert not [name for name in ("赵钱孙", "周吴郑", HEAD) if name in pulled]


def at_once(sends: list[Callable[[], services.Pushed]]) -> list[services.Pushed]:
    """What came of uploads that start in the same moment, each on a connection of its own, in their order."""
    start = threading.Barrier(len(sends))
    answers: dict[int, services.Pushed] = {}

    def run(number: int) -> None:
        try:
            start.wait()
            answers[number] = sends[number]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(sends))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(sends))]


def counted(answers: list[services.Pushed], verdict: str) -> int:
    return sum(answer.counts[verdict] for answer in answers)


def test_two_edit_the_same_field_at_once(worker: User, user_with: Callable[..., User], door: Household) -> None:
    """One is applied, the other is asked; whichever it was, nothing is lost."""
    village = user_with(Role.VILLAGE, CELL[:12], "village")
    mine, theirs = (edit("household", door.pk, {"headcount": n, "floor": n}) for n in (6, 7))
    answers = at_once(
        [
            lambda: services.batch_push(user=worker, envelope=envelope([mine])),
            lambda: services.batch_push(user=village, envelope=envelope([theirs])),
        ]
    )
    assert (counted(answers, "created"), counted(answers, "conflict")) == (1, 1)
    door.refresh_from_db()
    entries = EditConflict.objects.get().fields
    for entry in entries:
        assert {entry["mine"], entry["theirs"]} == {6, 7}
        assert entry["theirs"] == getattr(door, entry["field"])


def test_five_copies_of_an_edit_are_one(worker: User, door: Household) -> None:
    office_edits(door, headcount=7)
    items = [edit("household", door.pk, {"headcount": 5}), edit("household", door.pk, {"floor": 6}, seq=2)]
    one: Callable[[], Any] = lambda: services.batch_push(user=worker, envelope=envelope(items))  # noqa: E731
    answers = at_once([one] * 5)
    assert (counted(answers, "conflict"), counted(answers, "created"), counted(answers, "duplicate")) == (5, 1, 4)
    assert EditConflict.objects.count() == 1
    door.refresh_from_db()
    assert (door.headcount, door.floor, door.version) == (7, 6, 3)


def test_two_uploads_edit_the_same_doors_in_opposite_order(worker: User, user_with: Callable[..., User]) -> None:
    """Neither waits for the other in a ring."""
    village = user_with(Role.VILLAGE, CELL[:12], "village")
    doors = [household_create(item=household_input(), actor=None) for _ in range(12)]
    mine = [edit("household", each.pk, {"headcount": 5}, seq=n + 1) for n, each in enumerate(doors)]
    theirs = [edit("household", each.pk, {"floor": 6}, seq=n + 1) for n, each in enumerate(reversed(doors))]
    answers = at_once(
        [
            lambda: services.batch_push(user=worker, envelope=envelope(mine)),
            lambda: services.batch_push(user=village, envelope=envelope(theirs)),
        ]
    )
    assert counted(answers, "created") == 24
    assert set(Household.objects.values_list("headcount", "floor")) == {(5, 6)}


def test_two_choose_at_once(worker: User, user_with: Callable[..., User], door: Household, clash: str) -> None:
    """One choice stands; the other is told so."""
    village = user_with(Role.VILLAGE, CELL[:12], "village")
    mine = choice(clash, headcount="mine", phone="mine")
    theirs = choice(clash, headcount="theirs", phone="theirs")
    answers = at_once(
        [
            lambda: services.batch_push(user=worker, envelope=envelope([mine])),
            lambda: services.batch_push(user=village, envelope=envelope([theirs])),
        ]
    )
    assert (counted(answers, "created"), counted(answers, "rejected")) == (1, 1)
    (refused,) = [result for answer in answers for result in answer.results if result.verdict == "rejected"]
    assert refused.code == "already_chosen"
    door.refresh_from_db()
    assert door.headcount == (5 if counted(answers[:1], "created") else 7)
