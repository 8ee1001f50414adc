"""A first download walks through what is there, page by page; what happens meanwhile comes behind it."""

import base64
import datetime as dt
import json
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

import msgspec
import psycopg
import pytest
from django.db import connection
from rest_framework.test import APIClient

from backend.accounts.choices import Role
from backend.accounts.models import Duty, User
from backend.core import clock, sql
from backend.core.scope import after
from backend.residents.models import Household
from backend.residents.services import household_close, household_move
from backend.sync.rules import Cursor, Walking
from backend.sync.sources import PULL_SOURCES, PullSource
from backend.sync.walking import _statement_by_cell
from tests.conftest import CELL, OTHER_CELL
from tests.sync.conftest import expect_refused, households_in, item

# A pull waits for every older transaction of the whole cluster, those of other databases among them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
PULL = "/api/v1/sync/pull/"
NEXT_CELL = f"{CELL[:12]}902"


class Download:
    """A phone's download, page by page: `seen` is every change in the order it came, `held` what the phone keeps."""

    def __init__(self, phone: APIClient, limit: int = 5) -> None:
        self.phone, self.limit = phone, limit
        self.cursor, self.more, self.resyncs = "", True, 0
        self.pages: list[dict[str, Any]] = []

    def page(self) -> dict[str, Any]:
        answer = self.phone.get(PULL, {"cursor": self.cursor, "limit": self.limit})
        assert answer.status_code == 200, answer.content
        page = answer.json()
        self.cursor, self.more = page["cursor"], page["more"]
        self.resyncs += page["resync"]
        self.pages.append(page)
        return page

    def rest(self) -> "Download":
        while self.more:
            self.page()
        return self

    @property
    def seen(self) -> list[dict[str, Any]]:
        return [change for page in self.pages for change in page["changes"]]

    def held(self, kind: str) -> dict[str, dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        for change in self.seen:
            if change["kind"] == kind:
                rows.pop(change["id"], None)
                if change["op"] == "put":
                    rows[change["id"]] = change["data"]
        return rows

    @property
    def place(self) -> Any:
        return Cursor.decode(self.cursor).place


def at_households(phone: APIClient, limit: int = 5) -> tuple[Download, list[str]]:
    """A download that stands amid the households, and the ids that have come."""
    download = Download(phone, limit)
    while not (came := [change["id"] for change in download.seen if change["kind"] == "household"]):
        download.page()
    assert isinstance(download.place, Walking)
    return download, came


def other_connection() -> Any:
    settings = connection.settings_dict
    return closing(
        psycopg.connect(
            host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"],
            dbname=settings["NAME"],
        )
    )  # fmt: skip


@pytest.mark.parametrize("limit", [1, 3, 7, 500])
def test_every_row_comes_once_whatever_the_pages(
    phone: APIClient, worker: User, push: Callable[..., Any], limit: int
) -> None:
    """Two cells apart from each other, several days, several uploads."""
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=OTHER_CELL, valid_from=clock.today())
    homes = [*households_in(CELL, 6), *households_in(OTHER_CELL, 5)]
    visits = []
    for days in (0, 1, 2):
        observed = clock.now() - dt.timedelta(days=days)
        sent = [
            item("visit", {"household": str(h), "outcome": "seen_well"}, observed_at=observed.isoformat())
            for h in homes
        ]
        push(*sent)
        visits += [each["id"] for each in sent]
    download = Download(phone, limit).rest()
    # Names of the cells' own villages come as headings and as places to hand over to.
    came = Counter((change["kind"], change["id"]) for change in download.seen if change["kind"] != "region")
    assert set(download.held("household")) == {str(home) for home in homes}
    assert set(download.held("visit")) == set(visits)
    assert max(came.values()) == 1
    assert download.pages[0].get("total", len(download.seen)) == len(download.seen)
    assert download.resyncs == 1
    assert download.page()["changes"] == []


def test_what_is_written_behind_or_before_the_place_comes_at_the_end(
    worker: User, client_of: Callable[[User], APIClient], user_with: Callable[..., User]
) -> None:
    """A village's cells come one after the other: what is new in the first lies before all of the second."""
    homes = {str(home) for home in (*households_in(CELL, 12), *households_in(NEXT_CELL, 12))}
    download, came = at_households(client_of(user_with(Role.VILLAGE, CELL[:12])), 12)
    sent, unsent = came[0], next(iter(homes - set(came)))
    Household.objects.filter(pk__in=[sent, unsent]).update(headcount=9)
    added = households_in(CELL, 3)
    held = download.rest().held("household")
    assert set(held) == homes | set(map(str, added))
    assert (held[sent]["headcount"], held[unsent]["headcount"]) == (9, 9)
    assert download.page()["changes"] == []


def test_what_leaves_or_enters_meanwhile_does(phone: APIClient, worker: User) -> None:
    homes = households_in(CELL, 12)
    foreign = households_in(OTHER_CELL, 1)[0]
    download, came = at_households(phone, 10)
    unsent = next(home for home in homes if str(home) not in came)
    household_move(household_id=uuid.UUID(came[0]), to_region=OTHER_CELL, actor=None)
    household_move(household_id=unsent, to_region=OTHER_CELL, actor=None)
    household_close(household_id=uuid.UUID(came[1]), actor=None)
    household_move(household_id=foreign, to_region=CELL, actor=None)
    expected = {str(home) for home in (*homes, foreign)} - {came[0], came[1], str(unsent)}
    assert set(download.rest().held("household")) == expected


def test_a_transaction_under_way_at_the_first_page_is_waited_for(phone: APIClient, worker: User) -> None:
    """It began before the walk and commits amid it: neither its new row nor its change of one that was sent is lost."""
    homes = households_in(CELL, 12)
    with other_connection() as other:
        other.execute("UPDATE residents_household SET headcount = 9 WHERE id = ANY(%s)", [[homes[0], homes[-1]]])
        download, _ = at_households(phone)
        other.commit()
        held = download.rest().held("household")
    assert set(held) == {str(home) for home in homes}
    assert (held[str(homes[0])]["headcount"], held[str(homes[-1])]["headcount"]) == (9, 9)


def test_a_row_of_a_transaction_that_outlives_the_walk_comes_later(phone: APIClient, worker: User) -> None:
    homes = households_in(CELL, 12)
    with other_connection() as other:
        other.execute("UPDATE residents_household SET headcount = 9 WHERE id = %s", [homes[0]])
        # A younger one that is done: the walk's end must not pass for the end of both.
        Household.objects.filter(pk=homes[1]).update(headcount=8)
        download = Download(phone).rest()
        other.commit()
    download.more = True
    held = download.rest().held("household")
    assert (held[str(homes[0])]["headcount"], held[str(homes[1])]["headcount"]) == (9, 8)
    assert set(held) == {str(home) for home in homes}


def test_what_was_written_meanwhile_comes_with_the_last_page(phone: APIClient, worker: User) -> None:
    home = households_in(CELL, 12)[0]
    download, _ = at_households(phone)
    Household.objects.filter(pk=home).update(headcount=9)
    download.limit = 500
    assert not download.page()["more"]
    assert download.held("household")[str(home)]["headcount"] == 9


def test_a_full_last_page_says_that_something_was_written_meanwhile(phone: APIClient, worker: User) -> None:
    """No room is left behind the walk's last row: the next page has it, and is asked for."""
    home = households_in(CELL, 6)[0]
    rows = Download(phone, 500).rest()
    walk = Cursor.decode(Download(phone, 1).page()["cursor"]).place
    assert isinstance(walk, Walking)
    whole = 1 + sum(number for _, number in walk.left)
    assert whole <= len(rows.seen)
    download = Download(phone, whole // 2 + whole % 2)
    download.page()
    Household.objects.filter(pk=home).update(headcount=9)
    download.limit = sum(number for _, number in download.place.left)
    assert download.page()["more"]
    assert download.rest().held("household")[str(home)]["headcount"] == 9


def test_an_eighth_more_needs_no_page_of_its_own(phone: APIClient, worker: User) -> None:
    households_in(CELL, 40)
    walk = Cursor.decode(Download(phone, 1).page()["cursor"]).place
    whole = 1 + sum(number for _, number in walk.left)
    fits, too_short = -(-whole * 8 // 9), whole * 8 // 9 - 1
    assert len(Download(phone, fits).rest().pages) == 1
    assert len(Download(phone, too_short).rest().pages) == 2


def test_a_page_reads_its_own_rows_and_few_others(phone: APIClient, worker: User, push: Callable[..., Any]) -> None:
    """What is left of the download is not sorted for each page: that was most of the time of a first download."""
    (home,) = households_in(CELL, 1)
    for _ in range(8):
        push(*(item("visit", {"household": str(home), "outcome": "seen_well"}) for _ in range(250)))
    with connection.cursor() as db:
        db.execute("ANALYZE visits_visit")
    download = Download(phone, 500)
    while not any(change["kind"] == "visit" for change in download.seen):
        download.page()
    source = next(each for each in PULL_SOURCES if each.kind == "visit")
    values = {
        "horizon": download.place.horizon, "to": after(CELL), "today": clock.today(), "user": worker.pk, "room": 500,
        **{f"key{n}": value for n, value in enumerate(download.place.key)},
    }  # fmt: skip
    [(plan,)] = sql.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {_statement_by_cell(source)}", values)
    read = sum(node["Actual Rows"] for node in nodes(plan[0]["Plan"]) if "Relation Name" in node)
    assert 500 <= read <= 500 + 250 + 1


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


@pytest.mark.parametrize("source", [each for each in PULL_SOURCES if each.at_first], ids=lambda each: each.kind)
def test_what_a_walk_runs_by_is_never_null_and_has_an_index(source: PullSource) -> None:
    """A row without a value would be passed over."""
    columns = [column.removeprefix("t.") for column, _ in source.walk]
    with connection.cursor() as db:
        db.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnotnull AND attnum > 0",
            [source.table],
        )
        assert set(columns) <= {name for (name,) in db.fetchall()}
        db.execute(
            "SELECT array_agg(a.attname ORDER BY k.place) FROM pg_index i "
            "CROSS JOIN unnest(i.indkey) WITH ORDINALITY k (number, place) "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number "
            "WHERE i.indrelid = %s::regclass AND i.indpred IS NULL GROUP BY i.indexrelid",
            [source.table],
        )
        indexes = [names for (names,) in db.fetchall()]
    # An id behind them needs no index: few rows have all the others alike.
    order = columns[:-1] or columns
    assert any(names[: len(order)] == order for names in indexes)


def test_a_walk_from_the_future_starts_over(phone: APIClient, worker: User) -> None:
    """A machine set back to a snapshot: transactions below that horizon may still be under way."""
    homes = {str(home) for home in households_in(CELL, 12)}
    download, _ = at_households(phone)
    at = Cursor.decode(download.cursor)
    ahead = msgspec.structs.replace(download.place, horizon=download.place.horizon + 1_000_000)
    download.cursor = msgspec.structs.replace(at, place=ahead).encode()
    assert download.page()["resync"]
    assert set(download.rest().held("household")) == homes


def test_a_walk_through_other_cells_starts_over(phone: APIClient, worker: User) -> None:
    households_in(CELL, 12)
    download, _ = at_households(phone)
    Duty.objects.create(user=worker, role=Role.GRID_WORKER, region_code=NEXT_CELL, valid_from=clock.today())
    assert download.page()["resync"]


HOUSEHOLDS = next(rank for rank, source in enumerate(PULL_SOURCES, start=1) if source.kind == "household")
FORGED: list[list[Any]] = [
    [5000, [], []],
    [0, [[HOUSEHOLDS, 5]], []],
    [-1, [[HOUSEHOLDS, 5]], []],
    [5000, [[99, 5]], []],
    [5000, [[HOUSEHOLDS, -5]], []],
    [5000, [[HOUSEHOLDS, 5]], [CELL]],
    [5000, [[HOUSEHOLDS, 5]], [CELL, 7, "no id"]],
    [5000, [[HOUSEHOLDS, 5]], ["\0", 7, "0198f9c2-1111-7222-8333-444455556666"]],
    [5000, [[HOUSEHOLDS, 5]], [CELL, 7, "0198f9c2-1111-7222-8333-444455556666", 1]],
    [5000, [[HOUSEHOLDS, 5]], "key"],
]


@pytest.mark.parametrize("place", FORGED, ids=str)
def test_a_forged_walk_is_refused(phone: APIClient, worker: User, place: list[Any]) -> None:
    at = Cursor.decode(Download(phone, 500).page()["cursor"])
    parts = json.dumps([at.history, at.scope, at.policy, ["w", *place]]).encode()
    cursor = base64.urlsafe_b64encode(parts).decode().rstrip("=")
    expect_refused(phone.get(PULL, {"cursor": cursor}), 400, "bad_cursor")
