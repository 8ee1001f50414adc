"""Pull: everything in my cells, nothing of others, and no gap behind a slow transaction."""

import gzip
import json
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock
from backend.regions.models import Region
from backend.residents.models import Household
from backend.residents.services import household_move
from backend.sync.history import history_remake
from backend.sync.models import History
from tests.conftest import CELL, OTHER_CELL
from tests.sync.conftest import households_in, item


def pull_all(phone: APIClient, cursor: str = "", limit: int = 500) -> tuple[list[dict[str, Any]], str, list[bool]]:
    changes: list[dict[str, Any]] = []
    resyncs = []
    while True:
        response = phone.get("/api/v1/sync/pull/", {"cursor": cursor, "limit": limit})
        assert response.status_code == 200, response.content
        page = response.json()
        changes += page["changes"]
        resyncs.append(page["resync"])
        cursor = page["cursor"]
        if not page["more"]:
            return changes, cursor, resyncs


def ids(changes: list[dict[str, Any]], kind: str, op: str = "put") -> list[str]:
    return [change["id"] for change in changes if change["kind"] == kind and change["op"] == op]


# A pull waits for every older transaction of the whole cluster, those of other databases among them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]


def test_a_first_download_holds_my_cell_and_nothing_else(phone: APIClient) -> None:
    mine = {str(home) for home in households_in(CELL, 7)}
    households_in(OTHER_CELL, 3)
    changes, _, resyncs = pull_all(phone, limit=3)
    assert set(ids(changes, "household")) == mine
    assert len(ids(changes, "household")) == 7
    # The other cells of the village too: a household may be handed over to them.
    assert set(ids(changes, "region")) == {
        "22", "2205", "220521", "220521901", "220521901901", CELL, "220521901901902", "220521901901903",
    }  # fmt: skip
    assert resyncs[0]
    assert not any(resyncs[1:])
    head = next(change for change in changes if change["kind"] == "household")["data"]["head"]
    assert head == "王*"


def test_later_pulls_bring_only_what_changed(phone: APIClient, push: Callable[..., Any]) -> None:
    home = households_in(CELL, 3)[0]
    _, cursor, _ = pull_all(phone)
    changes, cursor, _ = pull_all(phone, cursor)
    assert changes == []
    push(item("visit", {"household": str(home), "outcome": "nobody_home"}))
    changes, cursor, _ = pull_all(phone, cursor)
    assert [change["kind"] for change in changes] == ["visit"]
    assert changes[0]["data"]["household"] == str(home)
    assert pull_all(phone, cursor)[0] == []


def test_a_household_that_moves_away_is_deleted_here_and_appears_there(
    phone: APIClient, user_with: Callable[..., User], client_of: Callable[[User], APIClient]
) -> None:
    other = client_of(user_with(Role.GRID_WORKER, OTHER_CELL, "neighbour"))
    home = households_in(CELL, 1)[0]
    _, here, _ = pull_all(phone)
    _, there, _ = pull_all(other)
    household_move(household_id=home, to_region=OTHER_CELL, actor=None)
    assert ids(pull_all(phone, here)[0], "household", "delete") == [str(home)]
    assert ids(pull_all(other, there)[0], "household") == [str(home)]


def test_a_slow_transaction_is_waited_for_not_skipped(phone: APIClient) -> None:
    """A row written first and committed last must not fall behind the cursor."""
    slow, fast = households_in(CELL, 2)
    _, cursor, _ = pull_all(phone)
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"],
        dbname=settings["NAME"],
    ) as other:  # fmt: skip
        other.execute("UPDATE residents_household SET headcount = 9 WHERE id = %s", [slow])
        Household.objects.filter(pk=fast).update(headcount=8)
        changes, cursor, _ = pull_all(phone, cursor)
        assert ids(changes, "household") == []
        other.commit()
    changes, cursor, _ = pull_all(phone, cursor)
    assert set(ids(changes, "household")) == {str(slow), str(fast)}
    assert pull_all(phone, cursor)[0] == []


def test_another_scope_answers_resync(phone: APIClient, worker: User) -> None:
    households_in(CELL, 2)
    _, cursor, _ = pull_all(phone)
    Region.objects.filter(code=OTHER_CELL).exists()
    households_in(OTHER_CELL, 1)
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=OTHER_CELL, valid_from=clock.today())
    changes, _, resyncs = pull_all(phone, cursor)
    assert resyncs[0]
    assert len(ids(changes, "household")) == 3


def test_a_user_without_duties_receives_nothing(phone: APIClient, worker: User) -> None:
    households_in(CELL, 2)
    Duty.objects.update(revoked_at=clock.now())
    response = phone.get("/api/v1/sync/pull/")
    assert response.status_code == 403


def test_another_history_answers_resync_and_hides_nothing(phone: APIClient) -> None:
    home = households_in(CELL, 1)[0]
    _, cursor, _ = pull_all(phone)
    before = History.objects.get().history_id
    # A dump restored into a younger cluster holds rows of its future.
    with connection.cursor() as db:
        db.execute("ALTER TABLE residents_household DISABLE TRIGGER USER")
        db.execute("UPDATE residents_household SET changed_xid = 9000000000000")
        db.execute("ALTER TABLE residents_household ENABLE TRIGGER USER")
    history_remake()
    assert History.objects.get().history_id != before
    changes, _, resyncs = pull_all(phone, cursor)
    assert resyncs[0]
    assert ids(changes, "household") == [str(home)]


def test_a_restored_cluster_is_noticed_by_itself(phone: APIClient) -> None:
    from backend.sync import history

    households_in(CELL, 1)
    _, cursor, _ = pull_all(phone)
    History.objects.update(system_identifier="another cluster")
    history.forget_history()
    assert pull_all(phone, cursor)[2][0]


@pytest.mark.parametrize("cursor", ["x", "ééé", "bm90IGpzb24", "W10", "a" * 5000])
def test_a_bad_cursor_is_refused(phone: APIClient, cursor: str) -> None:
    response = phone.get("/api/v1/sync/pull/", {"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "x", "2001", "1e3", "٣"])
def test_a_bad_limit_is_refused(phone: APIClient, limit: str) -> None:
    response = phone.get("/api/v1/sync/pull/", {"limit": limit})
    assert (response.status_code, response.json()["field"]) == (400, "limit")


def test_queries_do_not_grow_with_the_page(phone: APIClient) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            pull_all(phone, limit=2000)
        # What a process keeps for seconds is asked again when the machine is slow.
        kept = ("core_clockoffset", "policies_policypack", "sync_history", "pg_control_system")
        return sum(not any(table in (query["sql"] or "") for table in kept) for query in captured)

    households_in(CELL, 2)
    count()
    small = count()
    households_in(CELL, 200)
    assert count() == small
    assert small <= 8


def test_a_later_pull_of_one_range_of_cells_keeps_its_plan(phone: APIClient, worker: User) -> None:
    """Planning it is most of a pull with nothing new; each further form would take megabytes of every connection."""

    def kept() -> int:
        with connection.cursor() as db:
            db.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'WITH below%'")
            return int(db.fetchone()[0])

    connection.close()
    pull_all(phone, pull_all(phone)[1])
    assert kept() == 1
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=OTHER_CELL, valid_from=clock.today())
    pull_all(phone, pull_all(phone)[1])
    assert kept() == 1


def test_a_first_page_says_how_much_the_whole_download_brings(phone: APIClient, push: Callable[..., Any]) -> None:
    homes = households_in(CELL, 7)
    households_in(OTHER_CELL, 3)
    push(*(item("visit", {"household": str(home), "outcome": "seen_well"}) for home in homes[:2]))
    first = phone.get("/api/v1/sync/pull/", {"limit": 3}).json()
    changes, _, _ = pull_all(phone, limit=3)
    assert first["total"] == len(changes)
    assert "total" not in phone.get("/api/v1/sync/pull/", {"limit": 3, "cursor": first["cursor"]}).json()
    assert "total" not in phone.get("/api/v1/sync/pull/", {"limit": 500}).json()


def test_a_page_is_packed_for_who_unpacks_it(phone: APIClient) -> None:
    households_in(CELL, 200)
    plain = phone.get("/api/v1/sync/pull/", {"limit": 500})
    packed = phone.get("/api/v1/sync/pull/", {"limit": 500}, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.content))["changes"] == plain.json()["changes"]
    assert len(packed.content) * 5 < len(plain.content)


def test_a_pull_with_nothing_new_is_one_small_answer(phone: APIClient) -> None:
    households_in(CELL, 20)
    _, cursor, _ = pull_all(phone)
    for encoding in ("identity", "gzip"):
        answer = phone.get("/api/v1/sync/pull/", {"cursor": cursor}, headers={"Accept-Encoding": encoding})
        assert len(answer.content) + sum(len(f"{name}: {value}\r\n") for name, value in answer.items()) <= 1000


def test_receipts_list_what_the_server_holds(phone: APIClient, push: Callable[..., Any]) -> None:
    home = households_in(CELL, 1)[0]
    good = item("visit", {"household": str(home), "outcome": "seen_well"})
    bad = item("visit", {"household": str(uuid.uuid4()), "outcome": "seen_well"})
    push(good, bad)
    answer = phone.get("/api/v1/sync/receipts/", {"day": clock.today().isoformat()}).json()
    assert {entry["id"]: entry["verdict"] for entry in answer["items"]} == {
        good["id"]: "created",
        bad["id"]: "rejected",
    }
    assert answer["counts"]["created"] == 1
    missing = phone.get("/api/v1/sync/receipts/")
    assert (missing.status_code, missing.json()["code"]) == (400, "missing_field")


def test_a_journey_comes_down_without_its_number(phone: APIClient, push: Callable[..., Any]) -> None:
    """The number of a train or a car names somebody's seat or car; a phone needs to know only that it is known."""
    told = {
        "person": str(uuid.uuid4()), "name": "李大山", "phone": "12900001234", "document_type": "passport",
        "document_number": "E12345678", "arrived_on": clock.today().isoformat(), "region": CELL, "origin": "2201",
        "address": "前进路8号", "transport": "train", "transport_number": "G8012", "via": "沈阳市",
    }  # fmt: skip
    push(item("returnee", told))
    [row] = [change["data"] for change in pull_all(phone)[0] if change["kind"] == "returnee"]
    assert (row["transport"], row["number_known"], row["via"]) == ("train", True, "沈阳市")
    assert "G8012" not in str(row)
