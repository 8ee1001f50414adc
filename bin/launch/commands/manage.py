"""`bin/manage COMMAND …`: a Django command with the servers up.

Servers that run already are used; else they are started for the command and stopped after it.
"""

import subprocess
import sys

from launch import demo
from launch.application import Address
from launch.commands.run import make_stack
from launch.environment import ensure_environment
from launch.paths import PYTHON
from launch.prepared import prepare_once

#: Commands that change tables, or copy all of them, run as the owner of the tables.
AS_OWNER = {"prepare", "migrate", "backup", "restore", "after_restore", "dbshell", "sqlflush", "showmigrations"}
#: Commands that must find the database as it is.
UNPREPARED = {"prepare", "restore", "help", "--help", "makemigrations", "check"}


def main(argv: list[str]) -> int:
    ensure_environment()
    command = argv[0] if argv else "help"
    stack = make_stack(Address(), is_demo=demo.is_demo(), services=())
    try:
        stack.start_servers()
        if command not in UNPREPARED:
            prepare_once(stack)
        # In the caller's folder, so that paths among the arguments mean what he typed.
        environment = stack.environment(owner=command in AS_OWNER)
        done = subprocess.run([str(PYTHON), "-m", "django", *(argv or ["help"])], env=environment, check=False)
        return done.returncode if done.returncode >= 0 else 128 - done.returncode
    except KeyboardInterrupt:
        return 130
    finally:
        sys.stdout.flush()
        stack.stop_servers()
