"""Signals that ask a command to end: Ctrl-C, TERM, and the closing of its terminal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_in_order() -> None:
    """TERM and a closed terminal end a command as Ctrl-C does, servers stopped; under nohup the terminal may close.

    A background job of a script is started with INT ignored; whoever sends it one means it all the same.
    """
    for number in ASKING:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


@contextmanager
def undisturbed() -> Iterator[None]:
    """A second Ctrl-C must not leave a database half stopped."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ASKING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
