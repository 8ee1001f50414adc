"""The reference lay-out: web workers started as their unit starts them, one of them killed while a phone uploads."""

import os
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from launch.paths import PYTHON, REPOSITORY
from launch.ports import free_port
from launch.stack import Stack
from reference_client.client import ReferenceClient
from tests.faults.scene import Scene, until_sent

pytestmark = pytest.mark.faults

UNIT = (REPOSITORY / "deploy" / "systemd" / "gridkeeper-web@.service").read_text().splitlines()
EACH = 12


def _of_unit(name: str) -> list[str]:
    return [line.removeprefix(f"{name}=") for line in UNIT if line.startswith(f"{name}=")]


class Worker:
    """One instance of the unit; its port is a free one instead of 801N, its core the N-th that this machine lends."""

    def __init__(self, stack: Stack, number: int) -> None:
        cores = sorted(os.sched_getaffinity(0))
        self.core, port = cores[number % len(cores)], free_port()
        [command] = _of_unit("ExecStart")
        command = command.replace("/opt/gridkeeper/var/venv/bin/python", str(PYTHON))
        command = command.replace("--port 801%i", f"--port {port}").replace("%i", str(self.core))
        self._argv = shlex.split(command)
        self._environment = stack.environment() | dict(each.split("=", 1) for each in _of_unit("Environment"))
        self.url = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        self.process = subprocess.Popen(self._argv, cwd=REPOSITORY, env=self._environment, start_new_session=True)
        until = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"{self.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > until:
                self.kill()
                pytest.fail("the worker did not come up")
            time.sleep(0.1)

    def kill(self) -> None:
        """All of it at once, as the kernel does when memory is short."""
        os.killpg(self.process.pid, 9)
        self.process.wait()


@pytest.fixture
def workers(stack: Stack) -> Iterator[list[Worker]]:
    with ExitStack() as started:
        made = [Worker(stack, number) for number in range(2)]
        for worker in made:
            worker.start()
            started.callback(worker.kill)
        yield made


def _uploads(scene: Scene, phone: ReferenceClient, broken: threading.Event) -> Callable[[], None]:
    def run() -> None:
        door = 0
        while door < EACH or not broken.is_set():
            scene.visit(phone, door)
            until_sent(phone)
            door += 1

    return run


def test_a_worker_killed_mid_upload_loses_nothing(scene: Scene, workers: list[Worker]) -> None:
    """Mechanism: as for the one process of `bin/run`, where the server is granian and uploads come before Django."""
    for worker in workers:
        assert os.sched_getaffinity(worker.process.pid) == {worker.core}
    phones = [scene.phone(url=worker.url) for worker in workers]
    broken = threading.Event()
    threads = [threading.Thread(target=_uploads(scene, phone, broken)) for phone in phones]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            time.sleep(0.4)
            workers[0].kill()
            workers[0].start()
    finally:
        broken.set()
        for thread in threads:
            thread.join(120)
    scene.whole(*phones)
