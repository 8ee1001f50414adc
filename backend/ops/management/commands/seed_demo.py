"""`bin/manage seed_demo`: two invented weeks of one county, through the services. See docs/demo.md."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.core.errors import ApiError
from backend.ops.demo.seed import DemoRefusedError, demo_seed


class Command(BaseCommand):
    help = "写入演示数据（仅限演示模式）。可重复执行：已写入时立即结束。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="随机种子；同一天、同一种子得到同样的人和户")

    def handle(self, *args: Any, seed: int = 1, **options: Any) -> None:
        started = time.monotonic()
        try:
            written = demo_seed(seed=seed, progress=self.stdout.write)
        except DemoRefusedError as refused:
            raise CommandError(str(refused)) from refused
        except ApiError as error:
            raise CommandError(f"演示数据没有写完：{error.message}（{error.field or error.code.code}）") from error
        self.stdout.write(
            f"演示数据已写入，用时 {time.monotonic() - started:.0f} 秒。" if written else "演示数据已在库中。"
        )
