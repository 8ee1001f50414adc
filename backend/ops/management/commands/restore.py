"""`bin/manage restore FILE`: a backup into an empty database; phones start their copy over. See docs/backup.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.ops.backup import BackupError, backup_restore


class Command(BaseCommand):
    help = "把备份文件恢复到空数据库，并换新的同步历史标识：手机会重新取数，未上传的记录不丢。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="bin/manage backup 写出的文件")
        parser.add_argument("--replace", action="store_true", help="替换现有数据：先自动备份，再清空，再恢复")

    def handle(self, *args: Any, file: Path, replace: bool = False, **options: Any) -> None:
        try:
            manifest = backup_restore(source=file, replace=replace)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"已恢复 {manifest.made_at} 的备份，并换了新的同步历史标识。")
        if manifest.demo != settings.DEMO_MODE:
            here = "演示" if manifest.demo else "正式"
            self.stdout.write(f"注意：这份备份来自{here}环境，与现在的模式不同。")
