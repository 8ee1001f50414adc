"""`bin/manage after_restore`: for databases that were restored by other means than `bin/manage restore`."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from backend.sync.history import history_remake


class Command(BaseCommand):
    help = "用别的办法（快照、pg_restore、主备切换）恢复数据库之后运行：补齐结构，换新的同步历史标识。"

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("prepare", verbosity=0)
        history_id = history_remake()
        self.stdout.write(f"新的同步历史标识：{history_id}。手机下次联网会重新取数，未上传的记录不丢。")
