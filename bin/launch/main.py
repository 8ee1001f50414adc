"""Entry of the four commands in `bin/`: `main.py run|test|manage|bench [arguments]`."""

import importlib
import resource
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from launch.signals import end_in_order  # noqa: E402  (the path above makes it importable)
from launch.steps import LaunchError, failure_of, tell_failure, use_utf8  # noqa: E402

COMMANDS = ("run", "test", "manage", "bench")


def main(argv: list[str]) -> int:
    use_utf8()
    if not argv or argv[0] not in COMMANDS:
        print("usage: main.py run|test|manage|bench [arguments]", file=sys.stderr)
        return 2
    command = importlib.import_module(f"launch.commands.{argv[0]}")
    end_in_order()
    _allow_many_sockets()
    try:
        return int(command.main(argv[1:]))
    except LaunchError as failure:
        tell_failure(failure)
        return failure.status
    except KeyboardInterrupt:
        return 130
    except OSError as problem:
        tell_failure(failure_of(problem))
        return 1


def _allow_many_sockets(wanted: int = 65_536) -> None:
    """Usual limits let a process open 1,024 files; every phone that listens for alerts is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
