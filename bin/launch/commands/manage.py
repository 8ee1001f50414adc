"""`bin/manage COMMAND …`: a Django command with the servers up.

Servers that run already are used; else they are started for the command and stopped after it.
"""

import sys

from launch import demo
from launch.application import Address
from launch.commands.run import make_stack
from launch.environment import ensure_environment
from launch.foreground import run_in_foreground
from launch.paths import PYTHON
from launch.prepared import prepare_once
from launch.signals import undisturbed

#: Commands that change tables, or copy all of them, run as the owner of the tables.
AS_OWNER = {"prepare", "migrate", "backup", "restore", "after_restore", "dbshell", "sqlflush", "showmigrations"}
#: Commands that must find the database as it is.
UNPREPARED = {"prepare", "restore", "help", "--help", "makemigrations", "check"}
#: Commands that bring up a stack of their own, or need none.
ALONE = {"simulate_day", "help", "--help"}


def main(argv: list[str]) -> int:
    ensure_environment()
    command = argv[0] if argv else "help"
    stack = make_stack(Address(), is_demo=demo.is_demo(), services=())
    try:
        stack.folder.make()
        if command not in ALONE:
            stack.start_servers()
        if command not in UNPREPARED | ALONE:
            prepare_once(stack)
        # In the caller's folder, so that paths among the arguments mean what he typed.
        environment = stack.environment(owner=command in AS_OWNER)
        return run_in_foreground([str(PYTHON), "-m", "launch.installed.django_command", *argv], environment=environment)
    finally:
        sys.stdout.flush()
        with undisturbed():
            stack.stop_servers()
