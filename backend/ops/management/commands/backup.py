"""`bin/manage backup [FILE]`: database, keys and secret key into one file. See docs/backup.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backend.ops.backup import BackupError, backup_folder, backup_make, default_name
from backend.sync.history import current_history


class Command(BaseCommand):
    help = "把数据库、密钥和设置备份成一个文件（权限 0600）。文件能打开全部个人信息，请妥善保管。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="备份文件；不写则放在 var/backups/ 下，按时间命名")

    def handle(self, *args: Any, file: Path | None = None, **options: Any) -> None:
        if file is None:
            file = backup_folder() / default_name(timezone.localtime())
        try:
            manifest = backup_make(target=file, history_id=current_history())
        except BackupError as error:
            raise CommandError(str(error)) from error
        size = file.stat().st_size / 1e6
        self.stdout.write(f"备份已写入 {file}（{size:.1f} MB，{len(manifest.members)} 项）。")
