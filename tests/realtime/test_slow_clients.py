"""A client that stops reading, on a real connection: it is closed, nobody waits for it, and it misses nothing."""

import socket
from collections.abc import Callable

import pytest
from django.db import connection

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.alerts.models import Alert
from backend.alerts.selectors import last_seq
from backend.realtime.services import ring_on_commit
from tests.conftest import CELL
from tests.realtime.conftest import Dial, Server

pytestmark = pytest.mark.django_db(transaction=True)

#: More than the system's buffers, the transport's buffer and the backlog hold together.
FLOOD = 25_000


def test_a_client_that_stops_reading_is_closed_and_comes_back_without_a_gap(
    server: Server, dial: Dial, user_with: Callable[..., User], raise_fever: Callable[..., Alert]
) -> None:
    village = user_with(Role.VILLAGE, CELL[:12])
    quick = dial(server, village).ready()
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", server.port))
    slow = dial(server, village, sock=narrow).ready()
    raise_fever()
    start = last_seq()
    assert quick.event().event.seq == slow.event().event.seq == start

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO alerts_alertevent (alert_id, type, region_code, at, actor_name, data) "
            "SELECT alert_id, type, region_code, at, actor_name, data FROM alerts_alertevent, generate_series(1, %s)",
            [FLOOD],
        )
    ring_on_commit()
    for number in range(1, FLOOD + 1):
        assert quick.event(30).event.seq == start + number

    got, code = slow.until_closed()
    assert code == 4008
    seen = start + len(got)
    assert got == list(range(start + 1, seen + 1))
    assert seen < start + FLOOD
    again = dial(server, village, after=seen)
    again.hello()
    missed = [frame.event.seq for frame in again.until_live()]
    assert missed == list(range(seen + 1, start + FLOOD + 1))
