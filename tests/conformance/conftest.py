"""A scenario gets a worker nobody else has met, a line that can be broken, and one phone per client."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from launch.stack import Stack
from tests.conformance.app_driver import AppDriver, install
from tests.conformance.driver import Driver
from tests.conformance.reference_driver import ReferenceDriver
from tests.conformance.relay import Relay
from tests.conformance.world import Observer, Worker, World
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.real_stack import PASSWORD


@pytest.fixture(autouse=True)
def own_folders() -> None:
    """In place of the fixture of the same name for Django: the stack under test has folders of its own."""


@pytest.fixture(scope="session")
def session_world(session_stack: Stack) -> Iterator[World]:
    made = World(session_stack)
    yield made
    made.close()


@pytest.fixture(scope="session")
def session_relay(session_stack: Stack) -> Iterator[Relay]:
    line = Relay(session_stack.url).start()
    yield line
    line.stop()


@pytest.fixture
def relay(stack: Stack, session_relay: Relay) -> Relay:
    """The line, whole: one address for all scenarios, so that the app is installed once."""
    session_relay.forget()
    return session_relay


@pytest.fixture(scope="package")
def browser(session_relay: Relay) -> Iterator[BrowserContext]:
    """Chromium, headless, with the app installed; gone with the last scenario, or the driver's loop would stand in the
    way of asynchronous tests."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        context = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_context(
            base_url=session_relay.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
            locale="zh-CN", timezone_id="Asia/Shanghai",
        )  # fmt: skip
        install(context)
        yield context
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Scene:
    """What a scenario works with."""

    phone: Driver
    worker: Worker
    world: World
    relay: Relay
    server: Observer

    def expect_whole(self, *, day: str | None = None) -> None:
        """The end of every scenario: what the phone calls confirmed and what the server holds are the same ids."""
        assert self.phone.confirmed() == self.server.held(self.phone.device, day)


OpenScene = Callable[..., Scene]


@pytest.fixture(params=["reference", "app"])
def open_scene(
    request: pytest.FixtureRequest, stack: Stack, session_world: World, relay: Relay, tmp_path: Path
) -> Iterator[OpenScene]:
    """`open_scene(offset=timedelta(days=3))`: the scene with a phone whose clock is that far off."""
    with ExitStack() as opened:

        def make(*, offset: dt.timedelta = dt.timedelta()) -> Scene:
            worker = session_world.worker()
            who = {"username": worker.username, "password": PASSWORD}
            phone: Driver
            if request.param == "app":
                phone = AppDriver(request.getfixturevalue("browser"), relay, **who, offset=offset)
            else:
                phone = ReferenceDriver(relay.url, tmp_path, **who, offset=offset)
            opened.callback(phone.close)
            relay.forget()
            return Scene(phone, worker, session_world, relay, Observer(stack, worker))

        yield make


@pytest.fixture
def scene(open_scene: OpenScene) -> Scene:
    return open_scene()
