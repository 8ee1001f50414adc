"""The launcher: from a bare clone to a running Gridkeeper, with the standard library alone.

`main.py` is what `bin/run`, `bin/test`, `bin/manage` and `bin/bench` start, before any dependency is installed;
therefore nothing in this package imports a third-party module. Tests and `simulate_day` import `launch.stack` from it
to bring up private stacks. The mechanism is described in docs/running.md.
"""
