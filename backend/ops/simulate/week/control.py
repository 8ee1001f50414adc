"""The parts of the stack, broken and mended by the process that started them: a line of JSON there, a line back.

`simulate_week` holds the stack; `simulate_week_play` plays against it and asks through `Control`.
"""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any


class Control:
    """The player's end. `Control(fd)`; methods return when it is done. Raises RuntimeError with the stack's words."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._file = self._socket.makefile("rw", encoding="utf-8")
        self._lock = threading.Lock()

    def kill(self, part: str, number: int = 9) -> None:
        self._ask("kill", part, number)

    def halt(self, part: str) -> None:
        self._ask("halt", part)

    def restart(self, part: str) -> None:
        self._ask("restart", part)

    def tend(self) -> None:
        """Start again what died of a fault by itself, as the supervisor of `bin/run` does at once."""
        self._ask("tend")

    def stop_services(self) -> None:
        self._ask("stop_services")

    def start_services(self) -> None:
        self._ask("start_services")

    def backup(self, file: str) -> None:
        self._ask("backup", file)

    def restore(self, file: str) -> None:
        """Into this stack, in place of what is there; the services must be stopped."""
        self._ask("restore", file)

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _ask(self, name: str, *arguments: Any) -> None:
        with self._lock:
            self._file.write(json.dumps([name, *arguments]) + "\n")
            self._file.flush()
            said = json.loads(self._file.readline() or '"the stack is gone"')
        if said != "done":
            raise RuntimeError(f"{name}: {said}")


def serve(end: socket.socket, deeds: Mapping[str, Callable[..., Any]]) -> None:
    """The stack's end: does what is asked, one thing at a time, until the player hangs up."""
    with end.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            name, *arguments = json.loads(line)
            try:
                deeds[name](*arguments)
                said = "done"
            except Exception as failure:  # noqa: BLE001 - whatever it was, the player must not wait for ever
                said = f"{type(failure).__name__}: {failure}"
            lines.write(json.dumps(said) + "\n")
            lines.flush()
