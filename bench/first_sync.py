"""First sync: a cell of 1,200 households and 3,500 people on an empty phone over slow 3G, in a real browser.

The cell is as a worker's is after a week: a third of the doors visited every day, people under monitoring with their
checks and codes. The line carries everything: the app itself, the service worker's copy of it, sockets.
"""

import argparse
import datetime as dt
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec
from _harness import Line, report
from _line import SlowLine
from _world import Phone, phones, servers
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from push import post_all
from uuid_utils.compat import uuid7

from launch.browser import ensure_browser
from launch.pwa import ensure_pwa

KBIT, LATENCY = 400, 0.4
ROUNDS = 3
BUILDINGS, UNITS, FLOORS, DOORS = 20, 3, 10, 2
HOUSEHOLDS = BUILDINGS * UNITS * FLOORS * DOORS
PEOPLE, RETURNEES, DAYS, ROUND_DAYS = 3_500, 40, 6, 3
BATCH = 100
SECONDS = 30
#: A page that was under way when the phone died comes a second time.
AGAIN = 1.35
PASSWORD = "gridkeeper-demo"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WELL = "[data-testid=household-row] [data-testid=all-well]"
PULL = "/api/v1/sync/pull/"

_OPENED = """
  const names = (await indexedDB.databases()).map((each) => each.name)
  const name = names.find((each) => each.startsWith('gridkeeper-user-'))
  if (!name) return false
  const db = await new Promise((resolve) => (indexedDB.open(name).onsuccess = (event) => resolve(event.target.result)))
  const ask = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))
  const count = (kind) => ask(db.transaction(kind).objectStore(kind).count())
"""
_COMPLETE = f"""async () => {{{_OPENED}
  const at = await ask(db.transaction('meta').objectStore('meta').get('pulledAt'))
  db.close()
  return at !== undefined
}}"""
_HALF = f"""async (half) => {{{_OPENED}
  const found = await count('household') + await count('person')
  db.close()
  return found >= half
}}"""
_COUNTS = f"""async () => {{{_OPENED}
  const found = {{}}
  for (const kind of ['household', 'person', 'returnee', 'code', 'visit', 'check']) found[kind] = await count(kind)
  db.close()
  return found
}}"""


def fill(phone: Phone, port: int) -> None:
    """Households, people, returnees with checks, and the visits of the last days, each as it came about."""
    from backend.core.ids import new_id
    from backend.ops.demo.people import person_name, phone_number
    from backend.residents.models import Person
    from backend.residents.rules import HouseholdInput
    from backend.residents.services import households_create
    from backend.residents.services.sealing import put_name, put_phone

    chance = Random(7)
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=30)
    doors = [
        (str(building), str(unit), floor, f"{floor}{door:02}")
        for building in range(1, BUILDINGS + 1)
        for unit in range(1, UNITS + 1)
        for floor in range(1, FLOORS + 1)
        for door in range(1, DOORS + 1)
    ]
    for building in range(1, BUILDINGS + 1):
        rows = [
            HouseholdInput(
                id=new_id(), region_code=phone.cell, address="前进路8号", building=b, unit=u, floor=f, door=d,
                head_name=person_name(chance), headcount=chance.choice((1, 2, 2, 3, 3, 4, 5)), created_at=since,
                phone=phone_number(chance) if chance.random() < 0.72 else "",
                care=("elderly_alone",) if chance.random() < 0.09 else (),
            )
            for b, u, f, d in doors
            if b == str(building)
        ]  # fmt: skip
        households_create(items=rows, actor=None)
        phone.households.extend(row.id for row in rows)
    people = []
    for number in range(PEOPLE - RETURNEES):
        home = phone.households[number % len(phone.households)]
        person = Person(
            id=new_id(), region_code=phone.cell, household_id=home, purposes=["key_group"], created_at=since
        )
        put_name(person, person_name(chance))
        put_phone(person, phone_number(chance))
        people.append(person)
    Person.objects.bulk_create(people, batch_size=500)
    for items in records(phone, chance):
        body = {"device": phone.device, "api_level": 1, "sent_at": dt.datetime.now(dt.UTC), "items": items}
        post_all(port, phone, [msgspec.json.encode(body)], b"created")


def records(phone: Phone, chance: Random) -> Iterator[list[dict[str, Any]]]:
    """Uploads of the last days, oldest first."""
    from backend.ops.demo.people import identity_number, person_name, phone_number

    now = dt.datetime.now(dt.UTC)
    people = [str(uuid7()) for _ in range(RETURNEES)]
    first = now - dt.timedelta(days=DAYS)

    def item(kind: str, at: dt.datetime, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": uuid7(), "kind": kind, "schema": 1, "seq": 1, "observed_at": at, "body": body}

    yield [
        item("returnee", first, {
            "person": person, "name": person_name(chance), "phone": phone_number(chance), "document_type": "id_card",
            "document_number": identity_number(chance, serial=serial), "region": phone.cell, "origin_text": "湖北武汉",
            "arrived_on": first.date(), "household": str(chance.choice(phone.households)),
        })
        for serial, person in enumerate(people)
    ]  # fmt: skip
    for day in range(DAYS - 1, -1, -1):
        at = now - dt.timedelta(days=day)
        for session in ("morning", "evening"):
            yield [
                item("check", at, {"person": person, "session": session, "method": "door", "symptoms": [],
                                   "temperature": round(36 + chance.randrange(2, 10) / 10, 1)})
                for person in people
            ]  # fmt: skip
        due = phone.households[day % ROUND_DAYS :: ROUND_DAYS]
        for start in range(0, len(due), BATCH):
            outcomes = chance.choices(("seen_well", "nobody_home", "refused"), (935, 45, 6), k=BATCH)
            yield [
                item("visit", at, {"household": str(home), "outcome": outcome})
                for home, outcome in zip(due[start : start + BATCH], outcomes, strict=False)
            ]


@dataclass
class Download:
    """An empty phone, and what it asks the server for."""

    context: BrowserContext
    page: Page
    asked: list[Request] = field(default_factory=list)

    def watch(self) -> None:
        """Note every pull; a page that is opened anew is watched anew."""
        self.page.on("request", lambda request: self.asked.append(request) if PULL in request.url else None)

    def until(self, condition: str, argument: int = 0) -> None:
        while not self.page.evaluate(condition, argument):
            self.page.wait_for_timeout(100)

    def complete(self) -> float:
        """Wait until the list is complete; the moment."""
        self.until(_COMPLETE)
        return time.perf_counter()

    def pulled(self) -> tuple[int, int]:
        """Pulls that were answered to the end, and the bytes of their answers as they came over the line."""
        whole = [request for request in self.asked if request.response() and request.failure is None]
        return len(whole), sum(request.sizes()["responseBodySize"] for request in whole)


@contextmanager
def empty_phone(browser: Browser, url: str) -> Iterator[Download]:
    context = browser.new_context(base_url=url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(120_000)
    phone = Download(context, context.new_page())
    phone.watch()
    try:
        yield phone
    finally:
        context.close()


def sign_in(page: Page) -> float:
    """Up to the tap that signs in; its moment."""
    page.goto("/", wait_until="commit")
    page.get_by_test_id("login-username").fill("phone0")
    page.get_by_test_id("login-password").fill(PASSWORD)
    start = time.perf_counter()
    page.get_by_test_id("login-submit").click()
    return start


def first_download(browser: Browser, line: SlowLine) -> dict[str, float]:
    """Seconds from opening the app, and from signing in, to the list; and to its first door that can be tapped."""
    with empty_phone(browser, line.url) as phone:
        before, opened = line.down.passed, time.perf_counter()
        signed_in = sign_in(phone.page)
        phone.page.locator(WELL).first.wait_for()
        usable = time.perf_counter()
        complete = phone.complete()
        requests, size = phone.pulled()
        counts = phone.page.evaluate(_COUNTS)
        if counts["household"] != HOUSEHOLDS or counts["person"] != PEOPLE:
            raise SystemExit(f"the list is not whole: {counts}")
        return {
            "whole": complete - opened, "list": complete - signed_in, "usable": usable - signed_in,
            "requests": requests, "bytes": size, "line": line.down.passed - before, "rows": sum(counts.values()),
        }  # fmt: skip


def killed_half_way(browser: Browser, line: SlowLine) -> int:
    """Bytes of pulls when the app dies half way and is opened again."""
    with empty_phone(browser, line.url) as phone:
        sign_in(phone.page)
        phone.until(_HALF, HOUSEHOLDS + PEOPLE // 2)
        _, before = phone.pulled()
        phone.page.close()
        phone.page = phone.context.new_page()
        phone.asked.clear()
        phone.watch()
        phone.page.goto("/", wait_until="commit")
        phone.complete()
        if phone.page.evaluate(_COUNTS)["person"] != PEOPLE:
            raise SystemExit("the list is not whole after a start in the middle")
        return before + phone.pulled()[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    ensure_pwa()
    with servers("first_sync") as stack:
        (phone,) = phones(1, 0, password=PASSWORD)
        stack.start_services()
        fill(phone, stack.address.port)
        with (
            SlowLine(stack.address.port, kbit=KBIT, latency=LATENCY) as line,
            sync_playwright() as driver,
            driver.chromium.launch(executable_path=ensure_browser(), args=FLAGS) as browser,
        ):
            rounds = [first_download(browser, line) for _ in range(options.rounds)]
            twice = killed_half_way(browser, line)
    figures = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    for name, figure in figures.items():
        print(f"  {name:<10} {figure:>12,.1f}")
    report(
        "first_sync",
        [
            Line("from an empty phone to the whole list", SECONDS, figures["whole"], "s", 1.0, at_most=True),
            Line("bytes when killed half way ÷ in one go", figures["bytes"], twice, "bytes", AGAIN, at_most=True),
        ],
        figures=figures, rounds=rounds,
    )  # fmt: skip


if __name__ == "__main__":
    main()
