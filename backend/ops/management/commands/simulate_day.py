"""`bin/manage simulate_day --phones 200`: a whole day on a stack of its own. See docs/simulate.md."""

import importlib
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "在 var/simulate/ 下自建一套系统，模拟一天的上报、预警与日报，并与已知真值逐项核对。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--phones", type=int, default=200, help="手机数量，每部走一个网格（默认 200）")
        parser.add_argument("--seed", type=int, default=1, help="随机种子")
        parser.add_argument("--folder", type=Path, default=None, help="存放位置（默认 var/simulate）")

    def handle(self, *args: Any, phones: int, seed: int, folder: Path | None, **options: Any) -> None:
        if phones < 1:
            raise CommandError("手机数量至少为 1。")
        where = (folder or settings.REPOSITORY / "var" / "simulate").resolve()
        launch = settings.REPOSITORY / "bin"
        if str(launch) not in sys.path:
            # The launcher lies outside the backend, because it must run before anything is installed.
            sys.path.insert(0, str(launch))
        signals = importlib.import_module("launch.signals")
        signals.end_in_order()
        stack = importlib.import_module("launch.stack").Stack(where, demo=True).reset()
        try:
            self._say(f"在 {where} 启动一套独立的系统……")
            stack.start()
            done = subprocess.run(
                [sys.executable, "-m", "launch.installed.django_command", "simulate_play", "--url", stack.url,
                 "--phones", str(phones), "--seed", str(seed)],
                cwd=settings.REPOSITORY, env=stack.environment(), check=False,
            )  # fmt: skip
        finally:
            with signals.undisturbed():
                stack.stop()
        if done.returncode:
            raise CommandError(f"模拟没有通过，详见 {where / 'result.json'} 和 {where / 'logs'}。", returncode=1)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
