"""`bin/manage create_account USERNAME NAME ROLE REGION`: an account made by the operator, not by somebody above.

For the first account of an installation, and for who has nobody above him. `--reset` issues a one-time code for an
account that exists. Both are written to the audit trail as acts of the system.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.accounts.services import password_reset, user_create
from backend.core.errors import ApiError


class Command(BaseCommand):
    help = "建立账号并授予第一项职责（首个账号，或没有上级的人员）；--reset 为已有账号签发一次性重置码。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name", nargs="?", default="", help="姓名")
        parser.add_argument("role", nargs="?", default="", choices=["", *Role.values], help="角色")
        parser.add_argument("region", nargs="?", default="", help="区划代码")
        parser.add_argument("--reset", action="store_true", help="签发一次性重置码")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["reset"]:
                self._reset(options["username"])
            else:
                self._create(options)
        except ApiError as error:
            raise CommandError(error.message) from error

    def _create(self, options: dict[str, Any]) -> None:
        if not (options["name"] and options["role"] and options["region"]):
            raise CommandError("请给出姓名、角色和区划代码。")
        user, password = user_create(
            actor=None,
            username=options["username"],
            display_name=options["name"],
            role=options["role"],
            region=options["region"],
        )
        self.stdout.write(f"用户名 {user.username}  初始密码 {password}（首次登录须修改）")

    def _reset(self, username: str) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError("没有这个用户名。")
        self.stdout.write(f"一次性重置码 {password_reset(actor=None, user=user)}（24 小时内有效）")
