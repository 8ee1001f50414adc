"""Hand-overs on their way to both sides, and answers from several connections at once."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.alerts.models import Alert
from backend.alerts.services import handovers_overdue_evaluate
from backend.core import clock
from backend.core.ids import new_id
from backend.health.choices import MonitoringKind
from backend.health.services import monitoring_start
from backend.regions.services import cell_close
from backend.residents.models import HandOver, Household, Person
from backend.residents.services import household_create, person_create
from backend.sync import services
from tests.conftest import CELL, OTHER_CELL
from tests.residents.factories import HEAD, SECOND_CELL
from tests.residents.factories import household as household_input
from tests.residents.factories import person as person_input
from tests.sync.edits import Push, said
from tests.sync.handovers import answer, offer
from tests.sync.test_concurrency import envelope
from tests.sync.test_conflict_pull import at_once, counted

# A pull waits for every older transaction of the whole cluster, those of other databases among them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
VILLAGE = CELL[:12]


@pytest.fixture
def taker_user(user_with: Callable[..., User]) -> User:
    return user_with(Role.GRID_WORKER, SECOND_CELL, "taker")


@pytest.fixture
def taker(client_of: Callable[[User], APIClient], taker_user: User) -> APIClient:
    return client_of(taker_user)


def pulled(client: APIClient, cursor: str = "", kind: str = "handover") -> tuple[list[dict[str, Any]], str]:
    page = client.get("/api/v1/sync/pull/", {"cursor": cursor, "limit": 2000}).json()
    return [change for change in page["changes"] if change["kind"] == kind], page["cursor"]


def told(client: APIClient) -> list[tuple[bool, bool, str]]:
    return [(c["data"]["mine"], c["data"]["incoming"], c["data"]["state"]) for c in pulled(client)[0]]


def test_both_sides_are_told_and_nobody_else(
    push: Push, phone: APIClient, taker: APIClient, door: Household, neighbour: APIClient, client_of: Any,
    user_with: Any,
) -> None:  # fmt: skip
    person = person_create(item=person_input(household_id=door.pk, address=""), actor=None)
    monitoring_start(
        person_id=person.pk, region_code=CELL, kind=MonitoringKind.RETURNEE, start=clock.today(), source_id=new_id(),
        received_at=clock.now(),
    )  # fmt: skip
    made = offer(door.pk, note="张三丰已搬走")
    push(made)
    (change,), _ = pulled(taker)
    data, stored = change["data"], HandOver.objects.get()
    assert {name: data[name] for name in data if not name.endswith("_at")} == {
        "id": made["id"], "household": str(door.pk), "person": None, "place": door.place, "head": "张*",
        "headcount": 3, "monitored": 1, "reason": "wrong_cell", "from": CELL, "from_name": "甲一村第一网格",
        "to": SECOND_CELL, "to_name": "甲一村第二网格", "author_name": "网格员", "state": "offered", "cell": "",
        "cell_name": None, "decline_reason": "", "answered_by": "", "mine": False, "incoming": True,
    }  # fmt: skip
    assert dt.datetime.fromisoformat(data["due_at"]) == stored.due_at
    assert HEAD not in str(data)
    assert told(phone) == [(True, False, "offered")]
    # Whose both sides are is told last that it comes to him.
    assert told(neighbour) == [(False, False, "offered"), (False, True, "offered")]
    for role, region in ((Role.GRID_WORKER, OTHER_CELL), (Role.GRID_WORKER, "220521901901903"), (Role.CLINIC, VILLAGE)):
        assert told(client_of(user_with(role, region, f"far-{region}"))) == []


def test_a_village_that_is_asked_is_told_with_all_its_cells(
    push: Push, phone: APIClient, taker: APIClient, door: Household, client_of: Any, user_with: Any
) -> None:
    push(offer(door.pk, VILLAGE), offer(household_create(item=household_input(), actor=None).pk, OTHER_CELL[:12]))
    assert [c["data"]["to_name"] for c in pulled(taker)[0]] == ["甲一村"]
    # Who asked his own village does not answer himself.
    assert told(phone) == [(True, False, "offered")] * 2
    far = client_of(user_with(Role.GRID_WORKER, OTHER_CELL, "far"))
    assert [(c["data"]["to_name"], c["data"]["incoming"]) for c in pulled(far)[0]] == [("乙一村", True)]


def test_the_giver_loses_the_household_and_keeps_the_answer_for_a_week(
    push: Push, phone: APIClient, taker: APIClient, door: Household
) -> None:
    made = offer(door.pk)
    push(made)
    _, giver = pulled(phone)
    _, theirs = pulled(taker)
    push(answer(made, "accepted"), client=taker)
    page = phone.get("/api/v1/sync/pull/", {"cursor": giver}).json()["changes"]
    assert [(c["kind"], c["op"]) for c in page] == [("household", "delete"), ("handover", "put")]
    assert (page[1]["data"]["state"], page[1]["data"]["cell_name"]) == ("accepted", "甲一村第二网格")
    page = taker.get("/api/v1/sync/pull/", {"cursor": theirs}).json()["changes"]
    assert sorted((c["kind"], c["op"]) for c in page) == [("handover", "put"), ("household", "put")]
    HandOver.objects.update(answer_received_at=clock.now() - dt.timedelta(days=8))
    assert told(phone) == told(taker) == []


def test_names_of_where_it_may_go(phone: APIClient, taker: APIClient, user_with: Any, client_of: Any) -> None:
    names, cursor = pulled(phone, kind="region")
    assert {c["id"] for c in names} >= {CELL, SECOND_CELL, "220521901901903", VILLAGE}
    assert not {c["id"] for c in names} & {OTHER_CELL, OTHER_CELL[:12]}
    cell_close(actor=None, code="220521901901903")
    assert [(c["op"], c["id"]) for c in pulled(phone, cursor, kind="region")[0]] == [("delete", "220521901901903")]
    clinic, _ = pulled(client_of(user_with(Role.CLINIC, VILLAGE)), kind="region")
    assert "220521902" not in {c["id"] for c in clinic}


def test_two_offer_the_same_at_once(worker: User, user_with: Callable[..., User]) -> None:
    """One offer each, and who comes second is told so."""
    village = user_with(Role.VILLAGE, VILLAGE, "village")
    doors = [household_create(item=household_input(), actor=None) for _ in range(8)]
    mine, theirs = ([offer(each.pk, to, seq=n + 1) for n, each in enumerate(doors)] for to in (SECOND_CELL, OTHER_CELL))
    answers = at_once(
        [
            lambda: services.batch_push(user=worker, envelope=envelope(mine)),
            lambda: services.batch_push(user=village, envelope=envelope(theirs)),
        ]
    )
    refused = [result.code for pushed in answers for result in pushed.results if result.verdict == "rejected"]
    assert refused == ["already_offered"] * 8
    assert HandOver.objects.filter(state="offered").count() == 8


def test_accepted_and_withdrawn_at_once(push: Push, worker: User, taker_user: User) -> None:
    """Whoever is first has answered; the household lies where that answer says."""
    doors = [household_create(item=household_input(), actor=None) for _ in range(8)]
    made = [offer(each.pk, seq=n + 1) for n, each in enumerate(doors)]
    push(*made)
    taken = [answer(each, "accepted", seq=n + 1) for n, each in enumerate(made)]
    back = [answer(each, "withdrawn", seq=n + 20) for n, each in enumerate(reversed(made))]
    answers = at_once(
        [
            lambda: services.batch_push(user=taker_user, envelope=envelope(taken)),
            lambda: services.batch_push(user=worker, envelope=envelope(back)),
        ]
    )
    assert counted(answers, "created") == counted(answers, "rejected") == 8
    for row in HandOver.objects.select_related("household"):
        assert row.household
        assert row.household.region_code == (SECOND_CELL if row.state == "accepted" else CELL)


def test_households_are_taken_while_their_people_are_edited(push: Push, taker_user: User) -> None:
    """Neither upload waits for the other in a ring."""
    doors = [household_create(item=household_input(), actor=None) for _ in range(8)]
    people = [
        person_create(
            item=person_input(
                household_id=each.pk, address="", document_type="passport", document_number=f"E1111111{n}"
            ),
            actor=None,
        )
        for n, each in enumerate(doors)
    ]
    made = [offer(each.pk, seq=n + 1) for n, each in enumerate(doors)]
    push(*made)
    taken = [answer(each, "accepted", seq=n + 1) for n, each in enumerate(made)]
    upload = threading.Thread(target=_pushed_apart, args=(taker_user, taken))
    with transaction.atomic():
        Household.objects.select_for_update().get(pk=doors[-1].pk)
        upload.start()
        until(_somebody_waits)
        # Who edits the last door goes on to the first one's resident: he is not taken along before all is locked.
        Person.objects.select_for_update(nowait=True).get(pk=people[0].pk)
    upload.join()
    assert set(Household.objects.values_list("region_code", flat=True)) == {SECOND_CELL}


def _pushed_apart(user: User, items: list[dict[str, Any]]) -> None:
    try:
        services.batch_push(user=user, envelope=envelope(items))
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone() is not None


def until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_answer_in_the_moment_of_the_tick_leaves_no_alert_behind(
    push: Push, taker_user: User, door: Household
) -> None:
    made = offer(door.pk)
    push(made)
    HandOver.objects.update(due_at=clock.now() - dt.timedelta(hours=2))
    taken = answer(made, "accepted")
    sent: list[Callable[[], Any]] = [
        lambda: services.batch_push(user=taker_user, envelope=envelope([taken])),
        handovers_overdue_evaluate,
    ]
    at_once(sent)
    assert not Alert.objects.unfinished().exists()
    assert said(push(made)) == [("duplicate", None)]
