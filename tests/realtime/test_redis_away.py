"""Redis is a doorbell: away, it costs delay, never an alert and never an error."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.alerts.models import Alert
from backend.realtime import redis as redis_module
from backend.realtime.hub import POLL_SECONDS
from tests.conftest import CELL
from tests.realtime.conftest import Dial, OwnRedis, Server, free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def village(world: None, user_with: Callable[..., User]) -> User:
    return user_with(Role.VILLAGE, CELL[:12])


def test_a_stopped_redis_delays_alerts_and_its_return_makes_them_quick_again(
    *, own_redis: OwnRedis, server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    listener = dial(server, village).ready()
    raise_fever()
    listener.event(2)

    own_redis.stop()
    began = time.monotonic()
    during = [raise_fever() for _ in range(5)]
    assert time.monotonic() - began < 5, "raising must not wait for Redis"
    assert [listener.event(POLL_SECONDS + 4).event.alert for _ in during] == [str(alert.pk) for alert in during]

    own_redis.start()
    time.sleep(3)
    for _ in range(3):
        began = time.monotonic()
        alert = raise_fever()
        assert listener.event(2).event.alert == str(alert.pk)
        assert time.monotonic() - began < 1
    assert listener.silent(0.5), "nothing is delivered twice"


def test_what_was_raised_while_a_server_heard_nothing_comes_as_soon_as_redis_returns(
    *,
    own_redis: OwnRedis,
    server: Server,
    dial: Dial,
    village: User,
    raise_fever: Callable[..., Alert],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from backend.realtime import hub

    monkeypatch.setattr(hub, "POLL_SECONDS", 3600)
    listener = dial(server, village).ready()
    own_redis.stop()
    alert = raise_fever()
    own_redis.start()
    assert listener.event(10).event.alert == str(alert.pk)


def test_without_any_redis_sockets_open_and_alerts_arrive(
    settings: Any, server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    redis_module.client.cache_clear()
    try:
        listener = dial(server, village).ready()
        began = time.monotonic()
        alert = raise_fever()
        assert time.monotonic() - began < 2
        assert listener.event(POLL_SECONDS + 4).event.alert == str(alert.pk)
    finally:
        redis_module.client.cache_clear()


def test_garbage_on_the_channel_is_only_a_ring(
    own_redis: OwnRedis, server: Server, dial: Dial, village: User, raise_fever: Callable[..., Alert]
) -> None:
    from backend.realtime.services import channel

    listener = dial(server, village).ready()
    for garbage in (b"\xff\xfe", b"[]", b'{"user":"x"}', b'{"user":999999}', b"{", b"null", b'{"user":true}'):
        redis_module.client().publish(channel(), garbage)
    raise_fever()
    assert listener.event(2).event.type == "raised"


def test_a_ring_is_given_once_per_transaction_and_only_after_the_commit(
    own_redis: OwnRedis, world: None, finding: Callable[..., Any]
) -> None:
    from django.db import transaction

    from backend.alerts.services import alerts_evaluate
    from backend.realtime.services import channel

    pubsub = redis_module.client().pubsub()
    pubsub.subscribe(channel())
    assert pubsub.get_message(timeout=5)
    with transaction.atomic():
        for _ in range(3):
            alerts_evaluate(findings=[finding(temperature="38.0")])
        assert pubsub.get_message(timeout=0.2) is None
    message = pubsub.get_message(timeout=5)
    assert message is not None
    assert message["data"] == b"{}"
    assert pubsub.get_message(timeout=0.3) is None
    pubsub.close()
