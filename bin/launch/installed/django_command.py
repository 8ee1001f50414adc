"""`python -m launch.installed.django_command NAME …`: a Django command that Ctrl-C ends without a traceback."""

import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    try:
        execute_from_command_line(["bin/manage", *(sys.argv[1:] or ["help"])])
    except KeyboardInterrupt:
        print("\n已中断。", file=sys.stderr)
        sys.exit(130)
