"""Sign-in under load: the real hasher, many at once, and nothing to be learnt from how long a refusal takes."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client

from backend.accounts.choices import Role
from backend.accounts.hashers import PasswordHasher
from backend.accounts.models import User
from tests.accounts.test_session import PASSWORD, sign_in
from tests.conftest import CELL

THREADS = 8


@pytest.fixture
def hashed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hasher that the system runs with; a list that grows by one for every hash it computes."""
    settings.PASSWORD_HASHERS = ["backend.accounts.hashers.PasswordHasher"]
    computed: list[str] = []
    plain = PasswordHasher.encode

    def counted(self: PasswordHasher, password: str, salt: str, iterations: int | None = None) -> str:
        computed.append(f"{iterations or self.iterations}")
        return plain(self, password, salt, iterations)

    monkeypatch.setattr(PasswordHasher, "encode", counted)
    return computed


def at_once(act: Callable[[int], Any], times: int) -> list[Any]:
    """`act(0)` … `act(times - 1)`, eight at a time, each on a connection of its own."""
    answers: list[Any] = []
    numbers = iter(range(times))
    lock = threading.Lock()

    def work() -> None:
        try:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                answers.append(act(number))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("state", ["unknown", "wrong password", "suspended", "no password", "an older hash"])
def test_every_refusal_computes_one_hash_of_full_cost(
    user_with: Callable[..., User], hashed: list[str], state: str
) -> None:
    """Nobody learns from the time a refusal takes whether an account exists."""
    user = user_with(Role.GRID_WORKER, CELL, "grid")
    if state == "suspended":
        User.objects.update(is_active=False)
    elif state == "no password":
        user.set_unusable_password()
        user.save()
    elif state == "an older hash":
        User.objects.update(password=PasswordHasher().encode(PASSWORD, "salt", 500_000))
    hashed.clear()
    name, password = ("nobody" if state == "unknown" else "grid"), ("x" if state != "suspended" else PASSWORD)
    answer = sign_in(Client(), username=name, password=password)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")
    assert sum(map(int, hashed)) == PasswordHasher.iterations


@pytest.mark.django_db(transaction=True)
def test_many_people_of_one_address_sign_in_at_once_with_the_real_hasher(
    user_with: Callable[..., User], hashed: list[str]
) -> None:
    """A county behind one address at eight in the morning; what 200 cost is in docs/accounts.md."""
    user_with(Role.GRID_WORKER, CELL, "w0")
    stored = make_password(PASSWORD)
    User.objects.bulk_create(User(username=f"w{n}", display_name="网格员", password=stored) for n in range(1, 24))
    User.objects.filter(username="w0").update(password=stored)
    hashed.clear()
    statuses = at_once(lambda n: sign_in(Client(), username=f"w{n}").status_code, 24)
    assert Counter(statuses) == {200: 24}
    assert len(hashed) == 24, "one hash for each"


@pytest.mark.django_db(transaction=True)
def test_wrong_passwords_at_once_lock_this_account_at_this_address_alone(user_with: Callable[..., User]) -> None:
    user_with(Role.GRID_WORKER, CELL, "grid")
    user_with(Role.GRID_WORKER, CELL, "other")
    answers = at_once(lambda n: sign_in(Client(), password=f"wrong-{n}").status_code, 40)
    counted = Counter(answers)
    assert set(counted) == {401, 429}
    # Who was past the gate when the fifth failure came may still hear 401; nobody after that.
    assert counted[401] <= 4 + THREADS
    assert sign_in(Client()).status_code == 429, "also with the right password"
    assert AccessAttempt.objects.count() == 1
    assert sign_in(Client(), username="other").status_code == 200
    assert sign_in(Client(REMOTE_ADDR="10.0.0.9")).status_code == 200


def test_redeeming_a_code_costs_the_same_for_an_account_that_is_none(
    user_with: Callable[..., User], hashed: list[str]
) -> None:
    user_with(Role.GRID_WORKER, CELL, "grid")
    costs = []
    for name in ("grid", "nobody"):
        hashed.clear()
        body = json.dumps({"username": name, "code": "00000000", "new": "another-good-one"})
        answer = Client().post("/api/v1/session/redeem/", body, content_type="application/json")
        assert answer.json()["code"] == "bad_reset_code"
        costs.append(sum(map(int, hashed)))
    assert costs[0] == costs[1] > 0
