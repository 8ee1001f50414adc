"""`bin/manage import_cells FILE.csv`: make and update grid cells from a file, with a report line by line."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.core.errors import ApiError
from backend.regions.services import cells_import


class Command(BaseCommand):
    help = "从 CSV 导入网格（村代码、网格编号、网格名称、楼栋范围、网格长），可重复执行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit status 1 when a line was refused or the file could not be read."""
        try:
            report = cells_import(actor=None, content=options["file"].read_bytes())
        except OSError as error:
            raise CommandError(f"无法读取文件：{error.strerror}") from error
        except ApiError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"新建 {report.created}，更新 {report.updated}，无变化 {report.unchanged}")
        for refused in report.refused:
            self.stderr.write(f"第 {refused.line} 行 {refused.code}：{refused.message}")
        if report.refused:
            raise CommandError(f"{len(report.refused)} 行未导入，其余已生效。")
