"""`bin/bench`: without arguments lists the benchmarks, else runs the named ones (`all` for every one).

A benchmark is a script `bench/NAME.py` whose docstring's first line says what it measures; it brings up what it needs,
prints baseline, ours, ratio and goal, writes JSON under `var/bench/` and ends non-zero when a goal is missed.
"""

import ast
import os
from pathlib import Path

from launch.environment import ensure_environment
from launch.foreground import run_in_foreground
from launch.paths import PYTHON, REPOSITORY, VAR
from launch.steps import LaunchError, say

SCRIPTS = REPOSITORY / "bench"


def main(argv: list[str]) -> int:
    found = {path.stem: path for path in sorted(SCRIPTS.glob("*.py")) if not path.name.startswith("_")}
    if not argv or argv[0] in {"-h", "--help", "list"}:
        return _list(found)
    names = list(found) if argv[0] == "all" else [argv[0]]
    if names[0] not in found:
        raise LaunchError(f"没有名为 {names[0]} 的基准测试；不带参数运行 bin/bench 可以列出全部。", status=2)
    ensure_environment(dev=True)
    (VAR / "bench").mkdir(parents=True, exist_ok=True)
    missed = [name for name in names if _run(found[name], argv[1:]) != 0]
    if missed:
        say(f"✗ 未达到目标：{'、'.join(missed)}")
    return 1 if missed else 0


def _list(found: dict[str, Path]) -> int:
    say("bin/bench NAME [参数] 运行一项，bin/bench all 运行全部：")
    for name, path in found.items():
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        say(f"  {name:<16} {text.splitlines()[0] if text else ''}")
    return 0


def _run(script: Path, arguments: list[str]) -> int:
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'bin'}"}
    say(f"=== {script.stem}")
    return run_in_foreground([str(PYTHON), str(script), *arguments], environment=environment, cwd=REPOSITORY)
