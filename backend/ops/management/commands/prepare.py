"""`bin/manage prepare`: bring a database to the state the application expects. Run as the owner of the tables."""

import datetime as dt
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from backend.core import clock
from backend.ops.grants import grant_application_role
from backend.ops.shape import missing_columns
from backend.sync.history import current_history

PARTITIONS_BEHIND = dt.timedelta(days=400)
PARTITIONS_AHEAD = dt.timedelta(days=190)


class Command(BaseCommand):
    help = "迁移数据库，授予应用角色权限，建立分区，载入政策包。可重复执行。"

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        if missing := missing_columns():
            raise CommandError(
                f"数据库是旧版程序建立的，缺少 {missing[0]} 等 {len(missing)} 项，不能直接使用。"
                "演示数据可以用 bin/run --reset 重新建立；正式数据请先用原来的版本备份，不要重建。"
            )
        grant_application_role()
        today = clock.today()
        with connection.cursor() as cursor:
            cursor.execute("SELECT core_make_partitions(%s, %s)", [today - PARTITIONS_BEHIND, today + PARTITIONS_AHEAD])
        call_command("load_policies", verbosity=0)
        current_history()
        self.stdout.write("数据库已就绪。")
