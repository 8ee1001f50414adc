"""A stack for a benchmark, with cells, households and signed-in phones in its database."""

import datetime as dt
import http.client
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from launch.paths import PYTHON, REPOSITORY
from launch.ports import free_port
from launch.signals import end_in_order, undisturbed
from launch.stack import Stack

CELLS = 8
HOUSEHOLDS = 500
PROVINCE = "22"


@contextmanager
def servers(name: str) -> Iterator[Stack]:
    """PostgreSQL (fsync on) and Valkey with a prepared database under var/bench/<name>; Django is set up on it."""
    folder = REPOSITORY / "var" / "bench" / name
    stack = Stack(folder, demo=True).reset()
    end_in_order()
    try:
        stack.start_servers()
        stack.prepare()
        os.environ.update(stack.environment(owner=True))
        import django

        django.setup()
        yield stack
    finally:
        with undisturbed():
            stack.stop_services()
            stack.stop_servers()


@dataclass(frozen=True)
class Phone:
    """A signed-in phone: its cookie, its CSRF token, its cell and the households there."""

    cookie: str
    csrf: str
    cell: str
    households: list[uuid.UUID]
    device: uuid.UUID


def phones(count: int = CELLS, households: int = HOUSEHOLDS, *, password: str = "") -> list[Phone]:
    """`count` workers with a cell each, sessions made on the server: hashing passwords is not what is measured.

    Nobody else can sign in under their names (`phone0` …) unless a `password` is given.
    """
    from django.conf import settings
    from django.contrib.auth.hashers import make_password
    from django.middleware.csrf import _get_new_csrf_string

    from backend.accounts.choices import Role
    from backend.accounts.models import Duty, User
    from backend.core import clock
    from backend.core.ids import new_id
    from backend.regions.choices import LEVEL_OF
    from backend.regions.models import Region
    from backend.residents.rules import HouseholdInput
    from backend.residents.services import households_create

    codes = ["22", "2205", "220521", "220521901", "220521901901"]
    cells = [f"220521901901{n:03}" for n in range(1, count + 1)]
    Region.objects.bulk_create(
        [Region(code=c, name=c, level=LEVEL_OF[len(c)], parent_code=_parent(c)) for c in codes + cells]
    )
    made = []
    secret = make_password(password) if password else "!"
    for number, cell in enumerate(cells):
        inputs = [
            HouseholdInput(
                id=new_id(), region_code=cell, address="前进路8号", building=str(n // 60 + 1), unit="1",
                floor=n % 60 // 2 + 1, door=f"{n % 60 // 2 + 1}0{n % 2 + 1}", head_name="王小明", headcount=3,
            )
            for n in range(households)
        ]  # fmt: skip
        households_create(items=inputs, actor=None)
        user = User.objects.create(username=f"phone{number}", display_name="网格员", password=secret)
        Duty.objects.create(
            user=user, role=Role.GRID_WORKER, region_code=cell, valid_from=clock.today() - dt.timedelta(days=1)
        )
        csrf, device = _get_new_csrf_string(), new_id()
        cookie = f"{settings.SESSION_COOKIE_NAME}={_session(user, device)}; {settings.CSRF_COOKIE_NAME}={csrf}"
        made.append(Phone(cookie, csrf, cell, [entry.id for entry in inputs], device))
    return made


def _parent(code: str) -> str | None:
    from backend.core.scope import ancestors

    above = ancestors(code)[:-1]
    return above[-1] if above else None


def _session(user: Any, device: uuid.UUID | None = None) -> str:
    """A session as signing in makes it, on `device` or in a browser."""
    from django.contrib.auth import login
    from django.http import HttpRequest

    from backend.accounts.choices import DEVICE_KEY
    from backend.accounts.session_store import SessionStore

    request = HttpRequest()
    request.session = SessionStore()
    login(request, user, backend="backend.accounts.backends.AccountBackend")
    if device:
        request.session[DEVICE_KEY] = str(device)
    request.session.save()
    return str(request.session.session_key)


@contextmanager
def wsgi_workers(stack: Stack, application: str = "backend.config.wsgi:application", workers: int = 2) -> Iterator[int]:
    """Granian with WSGI workers behind one port; yields the port."""
    with _web(
        stack,
        "granian", "--interface", "wsgi", "--workers", str(workers), "--blocking-threads", "40", "--no-ws",
        "--log-level", "warning", "--host", "127.0.0.1", "--port", "{port}", application,
    ) as port:  # fmt: skip
        yield port


@contextmanager
def apart(stack: Stack, application: str = "backend.config.wsgi:application", workers: int = 2) -> Iterator[list[int]]:
    """The reference lay-out (deploy/systemd): each worker behind a port and on a core of its own; yields the ports.

    Behind one port the kernel gives two connections to the same worker as often as to both, and one stands idle then.
    """
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as started:
        ports = []
        for number in range(workers):
            os.sched_setaffinity(0, {cores[number % len(cores)]})
            try:
                ports.append(started.enter_context(wsgi_workers(stack, application, workers=1)))
            finally:
                os.sched_setaffinity(0, cores)
        yield ports


@contextmanager
def asgi_process(stack: Stack, application: str = "backend.config.asgi:application") -> Iterator[int]:
    """One uvicorn process: the sockets of the reference lay-out, everything of `bin/run`; yields the port."""
    with _web(
        stack,
        "uvicorn", application, "--host", "127.0.0.1", "--port", "{port}", "--http", "httptools", "--loop", "uvloop",
        "--no-access-log", "--log-level", "warning", "--ws-per-message-deflate", "false", "--ws-ping-timeout", "60",
    ) as port:  # fmt: skip
        yield port


@contextmanager
def _web(stack: Stack, *argv: str) -> Iterator[int]:
    port = free_port()
    environment = stack.environment() | {"GRIDKEEPER_DB_POOL": "12"}
    command = [str(PYTHON), "-m", *(part.format(port=port) for part in argv)]
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, start_new_session=True)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        if time.monotonic() > until:
            raise SystemExit("the web process did not come up")
        time.sleep(0.2)
