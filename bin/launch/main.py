"""Entry of the four commands in `bin/`: `main.py run|test|manage|bench [arguments]`."""

import importlib
import resource
import signal
import sys
from pathlib import Path
from types import FrameType

sys.path[0] = str(Path(__file__).resolve().parents[1])

from launch.steps import LaunchError, tell_failure, use_utf8  # noqa: E402  (the path above makes it importable)

COMMANDS = ("run", "test", "manage", "bench")


def main(argv: list[str]) -> int:
    use_utf8()
    if not argv or argv[0] not in COMMANDS:
        print("usage: main.py run|test|manage|bench [arguments]", file=sys.stderr)
        return 2
    command = importlib.import_module(f"launch.commands.{argv[0]}")
    _end_in_order()
    _allow_many_sockets()
    try:
        return int(command.main(argv[1:]))
    except LaunchError as failure:
        tell_failure(failure)
        return failure.status
    except KeyboardInterrupt:
        return 130


def _end_in_order() -> None:
    """TERM and a closed terminal end a command as Ctrl-C does, servers stopped; under nohup the terminal may close.

    A background job of a script is started with INT ignored; whoever sends it one means it all the same.
    """
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _allow_many_sockets(wanted: int = 65_536) -> None:
    """Usual limits let a process open 1,024 files; every phone that listens for alerts is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
