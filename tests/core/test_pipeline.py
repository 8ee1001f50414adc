"""`pipelined_transaction`: all or nothing, errors of the usual kind, the ORM undisturbed."""

import threading
from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from backend.core.models import Tombstone
from backend.core.sql import Question, answer, answers, execute, fetch, pipelined_transaction

_INSERT = "INSERT INTO core_tombstone (kind, object_id, region_code) VALUES (%(kind)s, %(object)s, '22')"


def bury(name: str, kind: str | None = "household") -> None:
    execute(_INSERT, {"kind": kind, "object": name})


def buried() -> list[str]:
    return sorted(Tombstone.objects.values_list("object_id", flat=True))


@pytest.mark.django_db(transaction=True)
def test_it_commits_before_it_ends_and_then_runs_what_waited_for_it() -> None:
    seen: list[str] = []

    def look() -> None:
        def other_connection() -> None:
            seen.extend(buried())
            connection.close()

        thread = threading.Thread(target=other_connection)
        thread.start()
        thread.join()

    with pipelined_transaction():
        bury("a")
        transaction.on_commit(look)
        bury("b")
        assert seen == []
    assert seen == ["a", "b"]


def bury_all(*names: str, nameless: str = "", then: Callable[[], object] = list) -> None:
    """One transaction; the one called `nameless` lacks what the table asks for."""
    with pipelined_transaction():
        for name in names:
            bury(name, kind=None if name == nameless else "household")
        then()


@pytest.mark.django_db(transaction=True)
def test_a_refusal_surfaces_at_the_end_and_undoes_all() -> None:
    with pytest.raises(IntegrityError):
        bury_all("a", "b", "c", nameless="b")
    assert buried() == []
    bury_all("d")
    assert buried() == ["d"]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_surfaces_at_the_next_row_read() -> None:
    def then() -> None:
        fetch("SELECT 1", [])
        pytest.fail("went on after a refusal")

    with pytest.raises(IntegrityError):
        bury_all("a", nameless="a", then=then)
    assert buried() == []


@pytest.mark.django_db(transaction=True)
def test_an_exception_of_ones_own_undoes_all() -> None:
    with pytest.raises(LookupError):
        bury_all("a", then=lambda: {}["nothing"])
    assert buried() == []


@pytest.mark.django_db(transaction=True)
def test_the_orm_sees_counts_errors_and_savepoints_as_ever() -> None:
    with pipelined_transaction():
        bury("a")
        assert Tombstone.objects.update(object_id="b") == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            Tombstone.objects.create(kind=None, object_id="c", region_code="22")
        stone = Tombstone.objects.get()
        stone.kind = "person"
        stone.save(update_fields=["kind"])
        bury("d")
    assert buried() == ["b", "d"]


@pytest.mark.django_db
def test_inside_another_transaction_only_its_own_is_undone() -> None:
    bury("a")
    with pytest.raises(IntegrityError):
        bury_all("b", nameless="b")
    with pytest.raises(LookupError):
        bury_all("c", then=lambda: {}["nothing"])
    bury_all("d")
    assert buried() == ["a", "d"]


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_on_the_way_is_an_operational_error() -> None:
    with pytest.raises(OperationalError):
        bury_all("a", then=lambda: fetch("SELECT pg_terminate_backend(pg_backend_pid())", []))
    connection.close()
    assert buried() == []


@pytest.mark.django_db(transaction=True)
def test_what_only_the_commit_refuses_is_refused() -> None:
    # The user does not exist, which PostgreSQL looks at when all is written.
    orphan = (
        "INSERT INTO accounts_device (id, user_id, name, first_seen, last_seen, session_key) "
        "VALUES (gen_random_uuid(), %s, '', now(), now(), '')"
    )
    with pytest.raises(IntegrityError):
        bury_all("a", then=lambda: execute(orphan, [987654321]))
    assert buried() == []


@pytest.mark.django_db(transaction=True)
def test_begin_goes_with_the_first_and_commit_with_the_last() -> None:
    with pipelined_transaction():
        bury("a")
        assert fetch("SELECT count(*) FROM core_tombstone", []) == [(1,)]
        bury("b")
    assert fetch("SELECT pg_current_xact_id_if_assigned() IS NULL, count(*) FROM core_tombstone", []) == [(True, 2)]


@pytest.mark.django_db(transaction=True)
def test_others_go_on_while_it_waits() -> None:
    """libpq must not keep the interpreter to itself: a worker's other threads answer meanwhile."""
    turns = 0
    waiting = threading.Event()

    def count() -> None:
        nonlocal turns
        while not waiting.wait(0.001):
            turns += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        fetch("SELECT pg_sleep(0.3)", [])
        alone = turns
        with pipelined_transaction():
            bury("a")
            fetch("SELECT pg_sleep(0.3)", [])
    finally:
        waiting.set()
        thread.join()
    assert alone > 5
    assert turns > alone + 5


@pytest.mark.django_db
def test_statements_that_the_server_forgot_are_prepared_anew() -> None:
    assert fetch("SELECT %(one)s::int, 100 %% 7, %(one)s::int + 1", {"one": 1}) == [(1, 2, 2)]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with pytest.raises(DatabaseError), transaction.atomic():
        fetch("SELECT %(one)s::int, 100 %% 7, %(one)s::int + 1", {"one": 1})
    assert fetch("SELECT %(one)s::int, 100 %% 7, %(one)s::int + 1", {"one": 3}) == [(3, 2, 4)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", [0, 1, 2])
def test_two_questions_in_one_way_are_answered_each(held: int) -> None:
    """Also behind statements that were held back, and where the first has no row for the other to stand in."""
    number = Question("SELECT %(number)s::int", {"number": 7}, lambda rows: rows[0][0])
    names = Question("SELECT object_id FROM core_tombstone ORDER BY 1", {}, lambda rows: [name for (name,) in rows])
    for _ in range(2):
        with pipelined_transaction():
            for n in range(held):
                bury(f"{n}{_}")
            assert answers(names, number) == (buried(), 7 if held else None)
            assert answers(number, number) == (7, 7)
            transaction.set_rollback(True)
    assert answers(names, number) == ([], None)
    assert answer(number) == 7


@pytest.mark.django_db(transaction=True)
def test_one_of_two_questions_refused() -> None:
    number = Question("SELECT 1 / %(number)s::int", {"number": 0}, list)
    with pytest.raises(DatabaseError):
        answers(number, number)
    assert fetch("SELECT 2", []) == [(2,)]
