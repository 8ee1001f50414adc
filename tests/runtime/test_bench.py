"""A benchmark that is interrupted leaves no server behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from launch.paths import REPOSITORY

SCRIPT = """
import sys, time
sys.path.insert(0, "bench")
import _world

class Servers(_world.Stack):
    def reset(self): return self
    def environment(self, *, owner=False): return {}
    def start_servers(self): pass
    def prepare(self): pass
    def stop_services(self): pass
    def stop_servers(self):
        time.sleep(0.5)
        print("stopped", flush=True)

_world.Stack = Servers
with _world.servers("interrupted"):
    print("up", flush=True)
    time.sleep(120)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_benchmark_stops_its_servers(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "interrupted.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY}/bin"}
    # As `bin/bench` runs it: told to end, it passes the word on and waits.
    runner = (
        "import sys; from pathlib import Path; from launch.commands import bench; from launch import signals;"
        "signals.end_in_order(); sys.exit(bench._run(Path(sys.argv[1]), []))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", runner, str(script)], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        lines = iter(running.stdout.readline, "")
        assert any(line == "up\n" for line in lines)
        running.send_signal(number)
        assert list(lines) == ["stopped\n"]
        assert running.wait(timeout=60) != 0
