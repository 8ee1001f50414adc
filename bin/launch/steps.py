"""What the launcher says: one progress line for each step, one plain sentence when something is missing."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LaunchError(Exception):
    """Ends a command: `sentence` says in plain words what is wrong and what to do; `log` is where to read more."""

    def __init__(self, sentence: str, *, log: Path | None = None, status: int = 1):
        super().__init__(sentence)
        self.sentence = sentence
        self.log = log
        self.status = status


def use_utf8() -> None:
    """Chinese must come out whatever the locale: a C locale would end the command at the first progress line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    os.environ.setdefault("PYTHONUTF8", "1")


def say(text: str = "") -> None:
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """`▸ title … 3.2 s` around a step; a failing step leaves its line open-ended and the sentence follows."""
    print(f"▸ {title} …", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print(" ✗", flush=True)
        raise
    print(f" {time.monotonic() - began:.1f} 秒", flush=True)


def tail(log: Path, lines: int = 12) -> list[str]:
    """The last lines of a log, [] when there is none."""
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    except OSError:
        return []


def tell_failure(failure: LaunchError) -> None:
    print(f"✗ {failure.sentence}", file=sys.stderr)
    if failure.log is not None:
        for line in tail(failure.log):
            print(f"    {line}", file=sys.stderr)
        print(f"  详细日志：{failure.log}", file=sys.stderr)
