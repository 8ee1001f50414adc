"""`bin/manage load_policies [FILE…]`: put policy packs in force. See docs/policies.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.core.errors import ApiError
from backend.policies.services import pack_load


class Command(BaseCommand):
    help = "载入政策包（TOML）。未给出文件时载入 fixtures/policies 下全部政策包；内容未变的不重复载入。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.FIXTURES / "policies"
        files = options["files"] or sorted(folder.glob("*.toml"))
        refused = 0
        for path in files:
            try:
                loaded = pack_load(content=path.read_bytes(), actor=None)
            except OSError as error:
                refused += 1
                self.stderr.write(f"{path.name}：无法读取（{error.strerror}）")
            except ApiError as error:
                refused += 1
                self.stderr.write(f"{path.name}：{error.message}")
                for problem in (error.detail or {}).get("problems", ()):
                    self.stderr.write(f"  - {problem}")
            else:
                if not options["verbosity"]:
                    continue
                state = "已载入" if loaded.new else "未变"
                rules = loaded.pack.rules.count()
                self.stdout.write(f"{path.name}：{state}，{loaded.pack}，{rules} 条规则")
        if refused:
            raise CommandError(f"{refused} 个政策包未载入。")
