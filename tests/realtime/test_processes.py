"""Several web processes over one log: each delivers everything once, and a client may move between them."""

from collections.abc import Callable

import pytest

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.alerts.models import Alert
from tests.conftest import CELL
from tests.realtime.conftest import Dial, Server, session_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_processes_deliver_alike_and_a_client_moves_without_gap_or_double(
    two_servers: tuple[Server, Server],
    dial: Dial,
    user_with: Callable[..., User],
    raise_fever: Callable[..., Alert],
) -> None:
    first, second = two_servers
    key = session_of(user_with(Role.VILLAGE, CELL[:12]))
    listeners = [dial(first, session=key).ready(), dial(second, session=key).ready()]
    sent = [str(raise_fever().pk) for _ in range(10)]
    for listener in listeners:
        assert [listener.event(4).event.alert for _ in sent] == sent

    # Back and forth, with alerts raised before, during and after each move.
    seen: list[str] = []
    position = 0
    for step in range(6):
        raise_fever()
        moving = dial(two_servers[step % 2], session=key, after=position)
        moving.hello()
        frames = moving.until_live()
        raise_fever()
        frames.append(moving.event(4))
        seen += [frame.event.alert for frame in frames]
        position = frames[-1].event.seq
        moving.connection.close()
    expected = [str(pk) for pk in Alert.objects.order_by("events__seq").values_list("pk", flat=True)]
    assert seen == expected
