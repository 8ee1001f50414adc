"""Entry of the four commands in `bin/`: `main.py run|test|manage|bench [arguments]`."""

import importlib
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from launch.steps import LaunchError, tell_failure, use_utf8  # noqa: E402  (the path above makes it importable)

COMMANDS = ("run", "test", "manage", "bench")


def main(argv: list[str]) -> int:
    use_utf8()
    if not argv or argv[0] not in COMMANDS:
        print("usage: main.py run|test|manage|bench [arguments]", file=sys.stderr)
        return 2
    command = importlib.import_module(f"launch.commands.{argv[0]}")
    try:
        return int(command.main(argv[1:]))
    except LaunchError as failure:
        tell_failure(failure)
        return failure.status
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
