"""`bin/manage import_divisions DIR|FILE…`: official division files into the region tree. See docs/divisions.md."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.regions.choices import LEVELS_UPWARD, Level
from backend.regions.divisions.files import files_in
from backend.regions.divisions.report import refusals_save, refusals_table
from backend.regions.divisions.run import divisions_import


class Command(BaseCommand):
    help = "导入行政区划文件（省、地、县、乡 CSV，12 位村级 CSV，可混合）。可重复执行；文件中没有的区划不会删除。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, help="文件，或含 CSV 文件的文件夹")

    def handle(self, *args: Any, paths: list[Path], **options: Any) -> None:
        started = time.monotonic()
        try:
            files = files_in([Path(p) for p in paths])
        except FileNotFoundError as missing:
            raise CommandError(f"找不到文件或文件夹：{missing}", returncode=2) from missing
        if not files:
            raise CommandError("文件夹中没有 CSV 文件。", returncode=2)
        outcome = divisions_import(files=files, progress=self.stdout.write)
        for level in reversed(LEVELS_UPWARD):
            if level is not Level.GRID:
                self.stdout.write(f"  {level.label:<8}{outcome.accepted[level]:>9,}")
        done = outcome.written
        self.stdout.write(
            f"新增 {done.created:,}，更新 {done.changed:,}，未变 {done.unchanged:,}，"
            f"其中虚拟层级 {outcome.placeholders:,}；上级改挂 {outcome.mended:,}；"
            f"文件间重复 {outcome.repeated:,}；退回 {len(outcome.refused):,}；用时 {time.monotonic() - started:.1f} 秒"
        )
        if outcome.refused:
            path = settings.VAR / "imports" / f"divisions-{time.strftime('%Y%m%d-%H%M%S')}.csv"
            refusals_save(outcome.refused, path)
            self.stdout.write("退回的行：")
            for line in refusals_table(outcome.refused):
                self.stdout.write(line)
            raise CommandError(
                f"有 {len(outcome.refused):,} 行未导入，其余已导入。逐行原因见 {path}，改好后重新导入即可。",
                returncode=1,
            )
