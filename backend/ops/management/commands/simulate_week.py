"""`bin/manage simulate_week`: a week of phones under every fault, on a stack of its own. See docs/simulate.md."""

import importlib
import json
import secrets
import socket
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.ops.simulate.table import table
from backend.ops.simulate.week.control import serve


class Command(BaseCommand):
    help = "在 var/simulate-week/ 下自建一套系统，模拟一周的断网与各种故障，核对不丢、不重、数字正确。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=20, help="网格员人数（默认 20）")
        parser.add_argument("--days", type=int, default=7, help="天数（默认 7）")
        parser.add_argument("--visits", type=int, default=300, help="每人每天走访次数（默认 300）")
        parser.add_argument("--seed", type=int, default=None, help="随机种子（默认随机，会打印出来）")
        parser.add_argument("--seeds", type=int, default=1, help="依次用这么多个种子各跑一遍（默认 1）")
        parser.add_argument("--folder", type=Path, default=None, help="存放位置（默认 var/simulate-week）")

    def handle(
        self, *args: Any, workers: int, days: int, visits: int, seed: int | None, seeds: int, folder: Path | None,
        **options: Any,
    ) -> None:  # fmt: skip
        if min(workers, days, visits, seeds) < 1:
            raise CommandError("人数、天数、走访次数和种子个数至少为 1。")
        where = (folder or settings.REPOSITORY / "var" / "simulate-week").resolve()
        # Beside the folder, which each run wipes.
        report = where.with_name(f"{where.name}.json")
        first = secrets.randbelow(1_000_000) if seed is None else seed
        runs = []
        for number in range(first, first + seeds):
            self._say(f"种子 {number}：在 {where} 启动一套独立的系统……")
            sizes = ["--workers", str(workers), "--days", str(days), "--visits", str(visits), "--seed", str(number)]
            runs.append(_run(where, sizes) | {"seed": number})
            # After each run, so that what was found is kept when a later one is broken off.
            report.write_text(json.dumps({"runs": runs}, ensure_ascii=False, indent=2))
        if seeds > 1:
            self._say("")
            for line in table([(f"种子 {run['seed']}", _sentence(run)) for run in runs]):
                self._say(line)
        if failed := [str(run["seed"]) for run in runs if not run["passed"]]:
            raise CommandError(
                f"没有通过的种子：{'、'.join(failed)}，详见 {report} 和 {where / 'logs'}。", returncode=1
            )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _sentence(run: dict[str, Any]) -> str:
    if "made" not in run:
        return "中断"
    verdict = "一致" if run["passed"] else f"不一致 {len(run['differences'])} 处"
    return f"记录 {run['made']:,}，丢失 {run['lost']}，重复 {run['doubled']}，{verdict}，{run['seconds']:.0f} 秒"


def _run(where: Path, sizes: list[str]) -> dict[str, Any]:
    """One week on a fresh stack; what it wrote of itself, and whether it `passed`."""
    launch = settings.REPOSITORY / "bin"
    if str(launch) not in sys.path:
        # The launcher lies outside the backend, because it must run before anything is installed.
        sys.path.insert(0, str(launch))
    signals = importlib.import_module("launch.signals")
    signals.end_in_order()
    stack = importlib.import_module("launch.stack").Stack(where, demo=True).reset()
    ours, theirs = socket.socketpair()
    try:
        stack.start()
        player = subprocess.Popen(
            [sys.executable, "-m", "launch.installed.django_command", "simulate_week_play", "--url", stack.url,
             "--control", str(theirs.fileno()), *sizes],
            cwd=settings.REPOSITORY, env=stack.environment(), pass_fds=[theirs.fileno()],
        )  # fmt: skip
        theirs.close()
        try:
            serve(
                ours,
                {
                    "kill": stack.kill, "halt": stack.halt, "restart": stack.restart,
                    "tend": stack.tend, "stop_services": stack.stop_services, "start_services": stack.start_services,
                    "backup": lambda file: stack.manage("backup", file, owner=True),
                    "restore": lambda file: stack.manage("restore", file, "--replace", owner=True),
                },
            )  # fmt: skip
            passed = player.wait() == 0
        except BaseException:
            # Without the stack it would ask a dead server until its patience ends.
            player.kill()
            player.wait()
            raise
    finally:
        with signals.undisturbed():
            ours.close()
            stack.stop()
    result = where / "result.json"
    return (json.loads(result.read_text()) if result.exists() else {}) | {"passed": passed}
