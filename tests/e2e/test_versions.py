"""The app is replaced while records wait, or grows older than its server; its session ends: and nothing is lost."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from launch.stack import Stack
from tests.conformance import breaking
from tests.conformance.relay import PUSH, Relay, Reply, Request
from tests.e2e.conftest import OpenPhone
from tests.e2e.phone import Phone
from tests.faults.scene import Scene
from tests.real_stack import PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.faults]


def opened(scene: Scene, open_phone: OpenPhone, relay: Relay) -> Phone:
    """The worker's phone on a line that can be broken, its cell downloaded, nothing recorded yet."""
    phone = open_phone(scene.worker.username, line=relay)
    phone.unvisited(len(scene.homes))
    phone.expect_sent()
    return phone


def recorded_offline(scene: Scene, phone: Phone, count: int) -> set[str]:
    """So many visits saved without a network, the first of them through the form; their ids."""
    phone.offline()
    phone.fever_visit(scene.homes[0], "36.6")
    phone.expect_waiting(1)
    phone.record_like_the_last(count - 1, scene.homes)
    phone.go("/")
    phone.expect_waiting(count)
    rows = phone.queue()
    scene.visits |= {row["id"]: {"home": row["household"], "outcome": row["outcome"], "fever": 0} for row in rows}
    assert len(rows) == count
    return {row["id"] for row in rows}


def whole(scene: Scene, phone: Phone, made: set[str]) -> None:
    """The end: the screen calls all of them confirmed, the server holds each once, and the figures are right."""
    phone.expect_sent(seconds=120)
    assert {row["id"] for row in phone.queue() if row["state"] == "confirmed"} == made
    scene.stored_once(made)


@contextmanager
def second_build(relay: Relay) -> Iterator[None]:
    """While it lasts, the server has a newer build of the app: another shell, and the service worker that knows it."""

    def other(change: Callable[[str], str]) -> Callable[[Request, Callable[[], Reply]], Reply]:
        def rule(request: Request, pass_on: Callable[[], Reply]) -> Reply:
            # As a first request: neither packed nor "as you know it".
            request.headers = {k: v for k, v in request.headers.items() if not k.startswith("if-")}
            request.headers["accept-encoding"] = "identity"
            reply = pass_on()
            fields = [(k, v) for k, v in reply.headers if k.lower() != "etag"]
            changed = change(reply.content.decode())
            assert changed != reply.content.decode()
            return Reply(reply.status, fields, changed.encode())

        return rule

    revision = re.compile(r'("revision":")[^"]+(","url":"index\.html")')
    with (
        relay.meanwhile("/sw.js", other(lambda text: revision.sub(r"\1second\2", text))),
        relay.meanwhile(
            "/index.html", other(lambda text: text.replace("<head>", '<head><meta name="build" content="2">'))
        ),
    ):
        yield


def is_second(page: Page) -> bool:
    return page.locator("meta[name=build]").count() == 1


def test_an_update_takes_nothing_of_500_records(scene: Scene, open_phone: OpenPhone) -> None:
    """The app sends before it is replaced; what cannot be sent lies where the new one finds it, and goes up once."""
    relay = scene.relay()
    phone = opened(scene, open_phone, relay)
    made = recorded_offline(scene, phone, 500)
    line = threading.Event()
    line.set()

    def unanswered(_request: Request, _pass_on: Callable[[], Reply]) -> None:
        line.wait(60)

    with second_build(relay):
        with relay.meanwhile(PUSH, unanswered):
            phone.online()
            phone.go("/")
            prompt = phone.page.get_by_test_id("update-prompt")
            expect(prompt).to_be_visible(timeout=60_000)
            line.clear()
            phone.page.get_by_test_id("update-now").click()
            expect(prompt).to_contain_text("正在上报，然后更新")
            assert not is_second(phone.page), "first the queue, then the new version"
            line.set()
            phone.page.wait_for_selector("meta[name=build]", state="attached", timeout=60_000)
            phone.expect_waiting(500)
            assert {row["id"] for row in phone.queue() if row["state"] != "confirmed"} == made
            assert len(relay.pushes) < 40, "no answer is no reason to ask without end"
        phone.go("/")
        whole(scene, phone, made)
        assert is_second(phone.page)


def test_an_app_too_old_is_told_so_and_gets_out_what_it_holds(
    scene: Scene, open_phone: OpenPhone, stack: Stack
) -> None:
    relay = scene.relay()
    phone = opened(scene, open_phone, relay)
    made = recorded_offline(scene, phone, 3)
    stack.extra["GRIDKEEPER_MINIMUM_API_LEVEL"] = "2"
    try:
        stack.restart("web")
        phone.online()
        phone.go("/me/sync")
        expect(phone.page.get_by_test_id("too-old")).to_have_text(
            "应用版本太旧，不能再下载资料。请现在更新；更新不会丢记录。", timeout=60_000
        )
        whole(scene, phone, made)
    finally:
        del stack.extra["GRIDKEEPER_MINIMUM_API_LEVEL"]
        stack.restart("web")
    phone.page.get_by_test_id("sync-now").click()
    expect(phone.page.get_by_test_id("too-old")).to_have_count(0)


def test_a_session_that_ends_between_two_uploads_is_asked_for_and_goes_on(scene: Scene, open_phone: OpenPhone) -> None:
    relay = scene.relay()
    phone = opened(scene, open_phone, relay)
    made = recorded_offline(scene, phone, 250)
    relay.forget()
    ended = breaking.afterwards(lambda: scene.world.do("end_sessions", username=scene.worker.username))
    with relay.meanwhile(PUSH, ended):
        phone.go("/me/sync")
        phone.online()
        expect(phone.badge).to_have_attribute("data-state", "signed-out", timeout=60_000)
        # Another request may have been the first to hear of it.
        while len(relay.pushes) < 2 or not relay.pushes[1].status:
            phone.page.wait_for_timeout(100)
    # What ends every wait, and time enough for an upload that must not come.
    phone.offline()
    phone.online()
    phone.page.wait_for_timeout(1500)
    assert [push.status for push in relay.pushes] == [200, 401], "a pause, not a knocking"
    refused = relay.pushes[1].ids
    phone.expect_waiting(150)
    phone.badge.click()
    expect(phone.page.get_by_test_id("login-expired")).to_be_visible()
    phone.page.get_by_test_id("login-password").fill(PASSWORD)
    phone.page.get_by_test_id("login-submit").click()
    whole(scene, phone, made)
    assert relay.pushes[2].ids == refused, "the same ids again"
    sent = [each for push in relay.pushes if push.status == 200 for each in push.ids]
    assert len(sent) == len(made), "and none of them twice"
