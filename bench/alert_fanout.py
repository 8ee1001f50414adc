"""Alerts: from the commit to the last of 1,000 and 5,000 sockets, and bursts, against raw Redis pub/sub."""

import argparse
import datetime as dt
import statistics
import time
import uuid
from collections.abc import Callable
from decimal import Decimal

import psutil
import redis
from _harness import Line, interleaved, report
from _receivers import Receivers
from _world import PROVINCE, asgi_process, phones, servers

from launch.stack import Stack

ROUNDS = 5
ALERTS = 20  # per round and way; p95 of these is the round's figure
BURST = 100
CHANNEL = "bench-raw"
_PAUSE = 0.05


def office_cookies(count: int = 10) -> list[str]:
    """Sessions of people in the province's office, who see every alert."""
    from _world import _session
    from django.conf import settings

    from backend.accounts.choices import Role
    from backend.accounts.models import Duty, User
    from backend.core import clock

    made = []
    for number in range(count):
        user = User.objects.create(username=f"office{number}", display_name="值班员", password="!")
        start = clock.today() - dt.timedelta(days=1)
        Duty.objects.create(user=user, role=Role.PROVINCE, region_code=PROVINCE, valid_from=start)
        made.append(f"{settings.SESSION_COOKIE_NAME}={_session(user)}")
    return made


def raise_alerts(cell: str, mark: str, count: int = 1) -> float:
    """Commit `count` fever alerts in one transaction, the last of them marked; returns the moment of the commit."""
    from django.db import transaction

    from backend.alerts.rules import Finding
    from backend.alerts.services import alerts_evaluate
    from backend.core import clock

    now = clock.now()
    committed: list[float] = []
    with transaction.atomic():
        # Registered before the services register their ring: called first, right after the commit.
        transaction.on_commit(lambda: committed.append(time.monotonic()))
        for number in range(count):
            alerts_evaluate(
                findings=[
                    Finding(
                        kind="visit", region_code=cell, place=mark if number == count - 1 else "3幢2单元501",
                        business_day=clock.business_day(now), observed_at=now, source_id=uuid.uuid4(),
                        household_id=uuid.uuid4(), temperature=Decimal("38.2"),
                    )
                ]
            )  # fmt: skip
    return committed[0]


def frame_text(mark: str) -> str:
    """What the raw way sends: a frame of the same length, marked the same way."""
    from backend.realtime.catalogue import EventBody, EventFrame, encode

    at = dt.datetime.now(dt.UTC).isoformat()
    body = EventBody(
        1, "raised", str(uuid.uuid4()), at, "220521901901901", "fever", "urgent", "发热 38.2℃", mark, due_at=at
    )
    return encode(EventFrame(body))


class Ways:
    """Both ways over the same number of receivers."""

    def __init__(self, stack: Stack, port: int, cookies: list[str], cell: str, sockets: int) -> None:
        self.cell = cell
        self.sockets = sockets
        self.client = redis.Redis.from_url(stack.redis_url)
        # The stack's own limit fits its own use; the baseline alone needs a connection per receiver.
        self.client.config_set("maxclients", 10_000)
        self.raw, self.ours = Receivers(), Receivers()
        self.raw.open_subscriptions(stack.redis_url, CHANNEL, sockets)
        self.ours.open_sockets(port, cookies, sockets)

    def raw_once(self, count: int = 1) -> float:
        """Seconds from publishing to the last receiver."""
        mark = f"mark-{uuid.uuid4()}"
        texts = [frame_text("3幢2单元501")] * (count - 1) + [frame_text(mark)]
        self.raw.expect(mark.encode())
        start = time.monotonic()
        with self.client.pipeline(transaction=False) as pipeline:
            for text in texts:
                pipeline.publish(CHANNEL, text)
            pipeline.execute()
        return self.raw.all_got_it() - start

    def ours_once(self, count: int = 1) -> float:
        """Seconds from the commit to the last socket."""
        mark = f"mark-{uuid.uuid4()}"
        self.ours.expect(mark.encode())
        start = raise_alerts(self.cell, mark, count)
        return self.ours.all_got_it() - start

    def p95(self, once: Callable[[], float]) -> float:
        """Milliseconds, over the alerts of one round."""
        figures = []
        for _ in range(ALERTS):
            figures.append(once() * 1000)
            time.sleep(_PAUSE)
        return statistics.quantiles(figures, n=20)[-1]

    def burst(self, once: Callable[[int], float]) -> float:
        """Deliveries a second."""
        return BURST * self.sockets / once(BURST)

    def close(self) -> None:
        self.raw.close()
        self.ours.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=int, default=60, help="seconds for which 5,000 sockets lie idle (goal: 600)")
    idle = parser.parse_args().idle
    lines: list[Line] = []
    with servers("alert_fanout") as stack:
        cell = phones(1, 1)[0].cell
        cookies = office_cookies()
        with asgi_process(stack) as port:
            web = next(p for p in psutil.Process().children(recursive=True) if str(port) in p.cmdline())
            for sockets in (1000, 5000):
                ways = Ways(stack, port, cookies, cell, sockets)
                single = interleaved(
                    ROUNDS, raw=lambda w=ways: w.p95(w.raw_once), ours=lambda w=ways: w.p95(w.ours_once)
                )
                name = f"alert to the last of {sockets:,} sockets, p95"
                lines.append(Line(name, single["raw"], single["ours"], "ms", 2.0, at_most=True))
                if sockets == 1000:
                    burst = interleaved(
                        ROUNDS, raw=lambda w=ways: w.burst(w.raw_once), ours=lambda w=ways: w.burst(w.ours_once)
                    )
                    lines.append(
                        Line(f"{BURST} alerts at once, {sockets:,} sockets", burst["raw"], burst["ours"], "/s", 0.5)
                    )
                else:
                    megabytes = web.memory_full_info().pss / 1e6
                    lines.append(Line("memory of the process with them", 250, megabytes, "MB", 1.0, at_most=True))
                    time.sleep(idle)
                    left = ways.ours.still_open()
                    lines.append(Line(f"sockets open after {idle} s idle", sockets, left, "sockets", 1.0))
                ways.close()
    report("alert_fanout", lines)


if __name__ == "__main__":
    main()
