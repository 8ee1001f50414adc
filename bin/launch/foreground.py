"""A command in the foreground: it has the terminal, and a request to end is its to answer before we tidy up."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from launch.signals import ASKING


def run_in_foreground(argv: Sequence[str], *, environment: Mapping[str, str], cwd: Path | None = None) -> int:
    """Run to its end and give its exit status; 128 + n when signal n ended it.

    `subprocess.run` would kill it a quarter of a second after Ctrl-C, in the midst of stopping what it started.
    """
    with subprocess.Popen(list(argv), env=dict(environment), cwd=cwd) as running, _passing_on(running):
        status = running.wait()
    return status if status >= 0 else 128 - status


@contextmanager
def _passing_on(running: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Whatever asks us to end reaches the running one as Ctrl-C does, unless the terminal has sent it that already."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        if not (number == signal.SIGINT and _is_in_terminal()):
            running.send_signal(signal.SIGINT)

    numbers = [n for n in ASKING if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_terminal() -> bool:
    """Whether Ctrl-C in the terminal reaches our whole group."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
