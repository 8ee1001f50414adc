"""The phone app itself, in Chromium on the real stack, while its tab dies and its line fails."""

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conformance.relay import ANY, PUSH, Relay, Reply, Request, Rule
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.faults.app import NONE_IN_STORE, App
from tests.faults.scene import Scene
from tests.real_stack import PASSWORD

pytestmark = pytest.mark.faults
OpenApp = Callable[..., App]
#: The screen's word that a record is saved, told at the moment it appears, with the door it is about.
_TELL = """
new MutationObserver(() => {
  if (document.querySelector('[data-testid=say]')) window.told(location.pathname)
}).observe(document, { subtree: true, childList: true })
"""
_TAP = "setTimeout(() => document.querySelector('[data-testid=save]').click())"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this module's own, whose processes may be killed."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, NONE_IN_STORE])
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def line(scene: Scene) -> Relay:
    return scene.relay()


@pytest.fixture
def open_app(browser: Browser, scene: Scene, line: Relay) -> Iterator[OpenApp]:
    """`open_app()`: the worker's phone, its cell downloaded."""
    with ExitStack() as opened:

        def make() -> App:
            phone = App(browser, line, username=scene.worker.username, password=PASSWORD)
            opened.callback(phone.close)
            return phone

        yield make


def whole(scene: Scene, phone: App) -> None:
    """Every record on this phone is on the server exactly once, and today's figures are right."""
    phone.until(lambda: not phone.waiting(), seconds=90)
    scene.visits = {
        row["id"]: {"home": row["household"], "outcome": row["outcome"], "fever": 0} for row in phone.records()
    }
    assert phone.confirmed() == set(scene.visits)
    scene.stored_once(phone.confirmed())


def test_a_tab_killed_while_it_saves_has_kept_what_it_called_saved(scene: Scene, open_app: OpenApp) -> None:
    """Mechanism: the screen says 已存 after the transaction has resolved (`useSave`), and the id is that of the draft.

    Said before, the word would be there and the record not; with an id made at the tap, the form that comes back after
    the kill would make a second one.
    """
    chance = Random(41)
    phone = open_app()
    told: set[str] = set()
    context = phone.context
    context.expose_binding("told", lambda _source, path: told.update(re.findall(r"/households/([^/]+)", path)))
    context.add_init_script(_TELL)
    context.set_offline(True)
    phone.restart()
    for number, home in enumerate(scene.homes[:6]):
        phone.go(f"/households/{home}/visit")
        phone.page.get_by_test_id("outcome-seen_well").click()
        renderers = phone.renderers()
        phone.page.evaluate(_TAP)
        if number % 2:
            phone.page.get_by_test_id("say").wait_for()
        else:
            phone.page.wait_for_timeout(chance.randrange(60))
        phone.kill(renderers)
        phone.reopen()
        kept = [row["household"] for row in phone.records()]
        assert told <= set(kept), "the screen called saved what is not there"
        if home not in kept:
            phone.save_visit(home)
            # Its word must not be taken for that of the next door.
            phone.page.get_by_test_id("say").wait_for(state="detached")
    assert sorted(row["household"] for row in phone.records()) == sorted(scene.homes[:6])
    context.set_offline(False)
    phone.sync()
    whole(scene, phone)


def test_a_tab_killed_while_it_uploads_sends_the_same_ids_again(scene: Scene, line: Relay, open_app: OpenApp) -> None:
    """Mechanism: `recoverSending` gives back what a dead run left `sending`, under the ids that it had.

    Left as they are the records would never go up; under new ids those whose answer nobody heard would be there twice.
    """
    phone = open_app()
    with line.cut():
        made = [phone.save_visit(home) for home in scene.homes[:3]]
    line.forget()
    for reaches_the_server in (False, True):
        under_way, dead = threading.Event(), threading.Event()

        def dying(
            _request: Request, pass_on: Callable[[], Reply], reaches: bool = reaches_the_server,
            begun: threading.Event = under_way, ended: threading.Event = dead,
        ) -> None:  # fmt: skip
            if reaches:
                pass_on()
            begun.set()
            ended.wait(30)

        with line.meanwhile(PUSH, dying):
            phone.restart(rest=False)
            phone.until(under_way.is_set)
            phone.kill(phone.renderers())
            dead.set()
            phone.reopen()
    phone.sync()
    whole(scene, phone)
    assert [push.ids for push in line.pushes][:2] == [made, made]


def slow_3g(lost: list[str]) -> Rule:
    """400 kbit/s and 400 ms for everything together; of ten requests to one address one is lost, one answer cut off.

    What is lost on its way there the browser itself repeats where it can, which makes copies of uploads.
    """
    turn = threading.Lock()
    asked: Counter[str] = Counter()

    def rule(request: Request, pass_on: Callable[[], Reply]) -> Reply | None:
        with turn:
            asked[request.path] += 1
            number = asked[request.path] % 10
        if number == 1:
            lost.append(f"{request.path} there")
            return None
        reply = pass_on()
        with turn:
            time.sleep((len(request.content) + len(reply.content)) / 50_000)
        time.sleep(0.4)
        if number == 2:
            lost.append(f"{request.path} back")
            return Reply(reply.status, reply.headers, reply.content[: len(reply.content) // 2])
        return reply

    return rule


def test_slow_3g_that_loses_every_fifth_request_delivers_a_dozen_records_once(
    scene: Scene, line: Relay, open_app: OpenApp
) -> None:
    """Mechanism: no answer is no verdict, and the same ids go up again. Taken for a refusal, records would be stuck;
    sent under new ids, those whose answer was lost would be there twice.
    """
    lost: list[str] = []
    phone = open_app()
    with line.meanwhile(ANY, slow_3g(lost)):
        for number in range(12):
            phone.save_visit(scene.homes[number % len(scene.homes)], ("seen_well", "refused")[number % 2])
        end = time.monotonic() + 150
        while phone.waiting():
            assert time.monotonic() < end, lost
            phone.sync()
    assert {f"{PUSH} there", f"{PUSH} back"} <= set(lost)
    assert len(phone.records()) == 12
    whole(scene, phone)


def test_portals_of_every_kind_confirm_nothing(scene: Scene, line: Relay, open_app: OpenApp) -> None:
    """Mechanism: what counts as an answer (`api/client.ts`, `api/sync.ts`): JSON, of our shape, not redirected.

    If 200 were enough, the portal's answer would be taken for the server's word. (That nothing follows a redirection is
    seen to by the policy of the page as well.)
    """
    elsewhere = scene.relay()
    page = "<!doctype html><title>免费 Wi-Fi</title>请先登录".encode()
    portals = (
        Reply(200, [("Content-Type", "text/html; charset=utf-8")], page),
        Reply(302, [("Location", f"{elsewhere.url}/login"), ("Access-Control-Allow-Origin", "*")], b""),
        Reply.of_json(200, {"code": 0, "msg": "请先登录", "url": "http://10.0.0.1/"}),
    )
    phone = open_app()
    for number, portal in enumerate(portals):
        with line.meanwhile(ANY, lambda _request, _pass_on, reply=portal: reply):
            phone.restart()
            saved = phone.save_visit(scene.homes[number])
            phone.sync()
            assert saved in phone.waiting()
            expect(phone.page.get_by_test_id("sync-badge")).to_have_attribute("data-state", "waiting")
    assert elsewhere.seen == []
    phone.sync()
    whole(scene, phone)


def test_a_clock_that_jumps_between_records_changes_neither_order_nor_day(
    scene: Scene, line: Relay, open_app: OpenApp
) -> None:
    """Mechanism: the server corrects by the skew of each upload; the phone's own order is `seq`, whatever the clock.

    By the phone's clock alone two of the days would be wrong, and the last visit of a door would be that of the future.
    """
    phone = open_app()
    for days, outcome in ((3, "nobody_home"), (-3, "refused"), (0, "seen_well")):
        phone.set_clock(days)
        phone.save_visit(scene.homes[0], outcome)
        phone.sync()
        phone.until(lambda: not phone.waiting())
    whole(scene, phone)
    rows = scene.world.do("stored", records=list(scene.visits))
    assert [scene.visits[row["id"]]["outcome"] for row in rows] == ["nobody_home", "refused", "seen_well"]
    assert not any(row["doubtful"] for row in rows)
    phone.until_delivered(set(scene.visits))
    phone.go("/")
    phone.page.get_by_test_id("filter-all").click()
    door = phone.page.locator(f"[data-testid=household-row][data-household='{scene.homes[0]}']")
    expect(door).to_have_attribute("data-outcome", "seen_well")
